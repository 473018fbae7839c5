//! `assent purge`.

use super::Outcome;
use crate::app::Core;
use crate::store::purges;
use crate::worker::purge::forget;

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
            println!("signups that would be deleted: {count} ({why})");
            return Ok(());
        }
        let count = forget(&core.db, &core.terms, now).await?;
        println!("signups deleted: {count} ({why})");
        Ok(())
    }
}
