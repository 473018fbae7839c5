//! `assent purge`.

use super::Outcome;
use crate::app::Core;
use crate::flows::purge::{AT_ONCE, expire, purge};
use crate::store::purges;

/// Delete what nobody confirmed and whose time is over
#[derive(clap::Args)]
pub(super) struct Purge {
    /// Say what would go and why, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

impl Purge {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let now = core.clock.now();
        let kept = core.terms.pending_retention;
        let why =
            format!("not confirmed within {} of being sent", humantime::format_duration(kept));
        if self.dry_run {
            let before = now.minus(kept);
            let mut tx = core.db.read().await?;
            let count = purges::count_unconfirmed(&mut tx, now, before).await?;
            println!("{count} signups would be deleted: {why}");
            return Ok(());
        }
        let mut tx = core.db.write().await?;
        expire(&mut tx, now).await?;
        tx.commit().await?;
        let mut count = 0;
        loop {
            let mut tx = core.db.write().await?;
            let gone = purge(&mut tx, now, &core.terms).await?;
            tx.commit().await?;
            count += gone;
            if i64::try_from(gone).is_ok_and(|gone| gone < AT_ONCE) {
                break;
            }
        }
        println!("{count} signups deleted: {why}");
        Ok(())
    }
}
