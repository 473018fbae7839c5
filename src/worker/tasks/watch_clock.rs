//! Keeps this process's clock by the database's, which all that share it go by, and watches how far the machine's own is
//! off.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::alarm::CLOCK;
use crate::domain::background_task::BackgroundTask;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Db;
use crate::store::database_clock::keep_time;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};
use crate::worker::own_alarm::OwnAlarm;

const EVERY: Duration = Duration::from_mins(1);
/// From how far off on somebody must set it, in microseconds.
const FAR_OFF: i64 = 1_000_000;

pub(super) struct WatchClock {
    parts: WorkerParts,
    alarm: OwnAlarm,
}

impl WatchClock {
    pub(super) fn new(parts: WorkerParts) -> Self {
        Self { parts, alarm: OwnAlarm::new(CLOCK) }
    }
}

#[async_trait]
impl Task for WatchClock {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::WatchClock, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let WorkerParts { db, clock, .. } = &self.parts;
        let Some(behind) = keep_time(db, clock).await? else { return Ok(Outcome::nothing()) };
        let far_off = watch_clock(db, &self.parts.moment(), behind, &mut self.alarm).await?;
        Ok(far_off.map_or_else(Outcome::nothing, Outcome::done))
    }
}

/// Raises the alarm about a clock that is so many microseconds behind the database's, or ends it; says what is wrong.
///
/// # Errors
/// When the database does not take it.
pub async fn watch_clock(
    db: &Db,
    at: &Moment,
    behind: i64,
    alarm: &mut OwnAlarm,
) -> Result<Option<String>, Error> {
    let Some(words) = far_off(behind) else {
        alarm.end(db).await?;
        return Ok(None);
    };
    if alarm.raise(db, at, &words).await? {
        tracing::error!(behind_ms = behind / 1000, "this machine's clock is not the database's");
    }
    Ok(Some(words))
}

/// How far off a clock is that is so many microseconds behind, for whoever sets it; none where it is not far.
#[must_use]
pub fn far_off(behind: i64) -> Option<String> {
    if behind.abs() < FAR_OFF {
        return None;
    }
    let (seconds, which) =
        (behind.unsigned_abs() / 1_000_000, if behind > 0 { "behind" } else { "ahead of" });
    let unit = if seconds == 1 { "second" } else { "seconds" };
    Some(format!(
        "the machine's clock is {seconds} {unit} {which} the database's: have both set by NTP"
    ))
}
