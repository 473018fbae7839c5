//! Watches whether what is recorded gets its place in the ledger, in every process: one without a worker would
//! otherwise never know.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::alarm::SEALING;
use crate::domain::background_task::BackgroundTask;
use crate::domain::time_zone::TimeZone;
use crate::flows::Error;
use crate::flows::raise_alarm::{clear_if_raised, raise};
use crate::random::Moment;
use crate::store::Db;
use crate::store::ledger::checkpoints;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_secs(15);
/// How long something may wait before the operator must look. Sealing takes seconds.
const LONG: Duration = Duration::from_mins(1);

/// What a look changed about the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The alarm was raised.
    Raised,
    /// The alarm ended.
    Ended,
}

pub(super) struct WatchSealing(pub WorkerParts);

#[async_trait]
impl Task for WatchSealing {
    /// Not at once: what was recorded before a stop waits for the next start.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::WatchSealing, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let WorkerParts { db, settings, .. } = &self.0;
        Ok(match watch_sealing(db, &settings.timezone, &self.0.moment()).await? {
            None => Outcome::nothing(),
            Some(Change::Raised) => {
                tracing::error!("what is recorded waits for its place in the ledger for too long");
                Outcome::done("what is recorded waits for its place for too long")
            }
            Some(Change::Ended) => {
                Outcome::done("what is recorded gets its place in the ledger again")
            }
        })
    }
}

/// Looks once: raises the alarm about what waits for over a minute, or ends it.
pub async fn watch_sealing(
    db: &Db,
    timezone: &TimeZone,
    at: &Moment,
) -> Result<Option<Change>, Error> {
    let mut tx = db.read().await?;
    let since = checkpoints::waits_since(&mut tx).await?;
    let late = since.filter(|since| since.plus(LONG) < at.now);
    drop(tx);
    let Some(since) = late else {
        return Ok(clear_if_raised(db, SEALING).await?.then_some(Change::Ended));
    };
    let detail = format!(
        "what was recorded at {} waits for its place; either no worker runs, or somebody else wrote it: see \
         `assent ledger verify`",
        timezone.minute(since)
    );
    let raised = db.run(|tx| Box::pin(raise(tx, at, SEALING, &detail))).await?;
    Ok(raised.then_some(Change::Raised))
}
