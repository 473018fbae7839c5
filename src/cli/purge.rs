//! `assent purge`.

use super::outcome::Outcome;
use crate::app::Core;
use crate::domain::contacts::request_times::kept_words;
use crate::store::contacts::purges;
use crate::worker::tasks::forget_people::forget_people;
use crate::worker::tasks::forget_signups::forget_signups;

/// Delete what is no longer needed: what nobody confirmed, and evidence past its time
#[derive(clap::Args)]
pub(super) struct Purge {
    /// Say what would go and why, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

impl Purge {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let (at, settings) = (core.moment(), &core.flow_settings);
        let unconfirmed = format!(
            "not confirmed within {} of being sent",
            kept_words(settings.pending_retention)
        );
        let ended = format!(
            "no consent in force for {}, as long as evidence is kept",
            kept_words(settings.evidence_retention)
        );
        if self.dry_run {
            let mut tx = core.db.read().await?;
            let before = at.now.minus(settings.pending_retention);
            let signups = purges::count_unconfirmed(&mut tx, at.now, before).await?;
            let before = at.now.minus(settings.evidence_retention);
            let people = purges::count_ended(&mut tx, before).await?;
            println!("signups that would be deleted: {signups} ({unconfirmed})");
            println!("people whose evidence would be deleted: {people} ({ended})");
            return Ok(());
        }
        let signups = forget_signups(&core.db, settings, &at).await?;
        println!("signups deleted: {signups} ({unconfirmed})");
        let people = forget_people(&core.db, settings, &at).await?;
        println!("people whose evidence was deleted: {people} ({ended})");
        Ok(())
    }
}
