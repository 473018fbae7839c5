//! Looks whether the database stands level with the heads that this machine knows, where nobody seals: whoever puts back
//! database and file store together, and the data directory of the machine that seals, has not put back this one.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::alarm::LEDGER;
use crate::domain::background_task::BackgroundTask;
use crate::flows::ledger::compare_heads::{compare_heads, tell_not_level};
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Db;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};
use crate::worker::own_alarm::OwnAlarm;

const EVERY: Duration = Duration::from_mins(1);

pub(super) struct WatchStanding {
    parts: WorkerParts,
    alarm: OwnAlarm,
}

impl WatchStanding {
    pub(super) fn new(parts: WorkerParts) -> Self {
        Self { parts, alarm: OwnAlarm::new(LEDGER) }
    }
}

#[async_trait]
impl Task for WatchStanding {
    /// A start has looked already.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::WatchStanding, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let at = self.parts.moment();
        watch_standing(&self.parts.db, &self.parts.settings, &at, &mut self.alarm).await?;
        Ok(Outcome::nothing())
    }
}

/// Looks once: raises the alarm and keeps mail back while the ledger may not go on, or ends the alarm.
///
/// # Errors
/// When something cannot be read, or the database does not take it.
pub async fn watch_standing(
    db: &Db,
    settings: &FlowSettings,
    at: &Moment,
    alarm: &mut OwnAlarm,
) -> Result<(), Error> {
    let standing = compare_heads(db, &settings.ledger_keys).await?;
    if standing.is_level() {
        return alarm.end(db).await.map(drop);
    }
    alarm.mark_seen();
    tell_not_level(db, at, &standing.to_string()).await
}
