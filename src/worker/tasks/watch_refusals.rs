//! Watches whether mails are parked in numbers for one reason, which then is hardly their mailboxes'.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::alarm::{MANY_REFUSALS, are_mass_refusals};
use crate::domain::background_task::BackgroundTask;
use crate::flows::Error;
use crate::flows::mail::watch_refusals::{Refusals, watch_refusals};
use crate::flows::raise_alarm::AlarmChanges;
use crate::random::Moment;
use crate::store::Db;
use crate::store::mail::mails;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(1);
/// How far back parked mails are counted.
const A_DAY: Duration = Duration::from_hours(24);

pub(super) struct WatchRefusals(pub WorkerParts);

#[async_trait]
impl Task for WatchRefusals {
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::WatchRefusals, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let changes = look(&self.0.db, &self.0.moment()).await?;
        let outcome = Outcome::alarms(changes.raised.len(), changes.ended.len());
        for (subject, detail) in changes.raised {
            tracing::error!(subject, detail, "mail is parked in numbers");
        }
        for subject in changes.ended {
            tracing::info!(subject, "mail is not parked in numbers any more");
        }
        Ok(outcome)
    }
}

/// Looks once whether mails are parked in numbers for one reason.
pub async fn look(db: &Db, at: &Moment) -> Result<AlarmChanges, Error> {
    let since = at.now.minus(A_DAY);
    let mut tx = db.read().await?;
    let mut found = None;
    if let Some((reason, parked)) = mails::find_commonest_reason(&mut tx, since).await?
        && parked >= MANY_REFUSALS
    {
        // Counted no further than it matters.
        let most = parked.saturating_mul(10);
        let sent = mails::count_confirmations_sent(&mut tx, since, most).await?;
        found = are_mass_refusals(parked, sent).then_some(Refusals { reason, parked });
    }
    drop(tx);
    db.run(|tx| Box::pin(watch_refusals(tx, at, found.as_ref()))).await
}
