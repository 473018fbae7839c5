//! Has the newest head stamped with the time once a day, by an authority outside (RFC 3161).

use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::alarm::TIME_STAMPS;
use crate::domain::background_task::BackgroundTask;
use crate::domain::sentence::sentence;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::find_unstamped::{Unstamped, find_unstamped};
use crate::flows::ledger::keep_time_stamp::keep_time_stamp;
use crate::flows::ledger::own_note::own_note;
use crate::flows::raise_alarm::{clear_if_raised, raise};
use crate::flows::{Case, Error};
use crate::store::Db;
use crate::time_stamping::TimeStampingAuthority;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// How often it is looked whether a head waits for its stamp.
const EVERY: Duration = Duration::from_mins(5);
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_hours(1);
/// How long a head may wait for its stamp before it is an alarm.
pub const PATIENCE: Duration = Duration::from_hours(24);

/// The task. When the program stops, it does not wait for the answer of whoever is asked.
pub(super) struct StampHead {
    parts: WorkerParts,
    stop: CancellationToken,
    /// When it was tried last, if that failed.
    failed: Option<Timestamp>,
}

impl StampHead {
    pub(super) fn new(parts: WorkerParts, stop: CancellationToken) -> Self {
        Self { parts, stop, failed: None }
    }
}

#[async_trait]
impl Task for StampHead {
    /// Not more often than there may be a new head.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::StampHead, EVERY.max(self.parts.seal_every))
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let at = self.parts.moment();
        if self.failed.is_some_and(|failed| at.now.since(failed) < AGAIN) {
            return Ok(Outcome::nothing());
        }
        let WorkerParts { db, time_stamping, settings, .. } = &self.parts;
        let stamped = tokio::select! {
            stamped = stamp_head(db, time_stamping.as_ref(), settings.at(&at)) => stamped?,
            () = self.stop.cancelled() => StampRun::Nothing,
        };
        self.failed = (stamped == StampRun::Not).then_some(at.now);
        Ok(match stamped {
            StampRun::Nothing | StampRun::Not => Outcome::nothing(),
            StampRun::Size(size) => {
                Outcome::done(format!("the head over {size} leaves stamped with the time"))
            }
        })
    }
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampRun {
    /// Nothing is to be stamped now.
    Nothing,
    /// The head of this size was.
    Size(i64),
    /// It could not be.
    Not,
}

/// Has the newest head stamped, if none was today and it is newer than the last that was. No transaction is open
/// meanwhile. What waits for longer than a day is an alarm.
///
/// # Errors
/// When the database does not answer, or the newest head can't be read.
pub async fn stamp_head(
    db: &Db,
    authority: Option<&TimeStampingAuthority>,
    case: Case<'_>,
) -> Result<StampRun, Error> {
    let at = case.at;
    let due = match authority {
        Some(authority) => {
            let unstamped = find_unstamped(&mut db.read().await?, case).await?;
            unstamped.map(|unstamped| (authority, unstamped))
        }
        None => None,
    };
    let Some((authority, Unstamped { head, since, day })) = due else {
        // Another process stamped it, or nobody is to any more.
        clear_if_raised(db, TIME_STAMPS).await?;
        return Ok(StampRun::Nothing);
    };
    let note = own_note(&head)?;
    let stamp = match authority.stamp(&note, at).await {
        Ok(stamp) => stamp,
        Err(error) => {
            let detail = sentence(&error);
            tracing::warn!(error = detail, "the newest head was not stamped with the time");
            if at.now.since(since) >= PATIENCE {
                let new = db.run(|tx| Box::pin(raise(tx, at, TIME_STAMPS, &detail))).await?;
                if new {
                    tracing::error!(error = detail, "no head was stamped for over a day");
                }
            }
            return Ok(StampRun::Not);
        }
    };
    let (of, stamp) = ((&head, day), &stamp);
    db.run(|tx| {
        Box::pin(async move { Ok::<_, Error>(keep_time_stamp(tx, case, of, stamp).await?) })
    })
    .await?;
    if clear_if_raised(db, TIME_STAMPS).await? {
        tracing::info!("heads are stamped with the time again");
    }
    Ok(StampRun::Size(head.size))
}
