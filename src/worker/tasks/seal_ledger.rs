//! Seals what was appended to the ledger.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::domain::alarm::LEDGER;
use crate::domain::background_task::BackgroundTask;
use crate::flows::Error;
use crate::flows::ledger::compare_heads::tell_not_level;
use crate::sealing::{seal_all, waits};
use crate::store::Db;
use crate::store::ledger::epochs;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};
use crate::worker::own_alarm::OwnAlarm;

/// How often it is looked whether the ledger may go on, while nothing waits.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Seals what waits. Whether the ledger may go on is an alarm; while it may not, no mail leaves.
pub(super) struct SealLedger {
    parts: WorkerParts,
    alarm: OwnAlarm,
    /// When the ledger stood level last, unless it does not.
    level: Option<Instant>,
}

impl SealLedger {
    pub(super) fn new(parts: WorkerParts) -> Self {
        Self { parts, alarm: OwnAlarm::new(LEDGER), level: None }
    }
}

#[async_trait]
impl Task for SealLedger {
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::SealLedger, self.parts.seal_every)
    }

    /// The file store is asked for something that waits, and now and then.
    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let WorkerParts { db, settings, clock, random, .. } = &self.parts;
        if self.level.is_some_and(|level| level.elapsed() < LOOK_EVERY) && !waits(db).await? {
            return Ok(Outcome::nothing());
        }
        self.level = None;
        let before = count_sealed(db).await?;
        match seal_all(db, settings, clock, random).await {
            Ok(()) => {
                self.level = Some(Instant::now());
                self.alarm.end(db).await?;
                let sealed = usize::try_from(count_sealed(db).await? - before).unwrap_or(0);
                Ok(Outcome::counted(&[(sealed, "leaf sealed", "leaves sealed")]))
            }
            Err(Error::NotLevel(why)) => {
                self.alarm.mark_seen();
                tell_not_level(db, &self.parts.moment(), &why).await?;
                Ok(Outcome::nothing())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// How many leaves have their place.
async fn count_sealed(db: &Db) -> sqlx::Result<i64> {
    Ok(epochs::find_place(&mut db.read().await?).await?.size)
}
