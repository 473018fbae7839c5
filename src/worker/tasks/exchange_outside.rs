//! Brings endings from the data directory to the file store, promptly, and those of other replicas from there, with
//! the heads that they signed. Whoever stops the program brings the last endings away once nobody notes any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::domain::alarm::{FILE_STORE, OUTSIDE};
use crate::domain::background_task::BackgroundTask;
use crate::domain::sentence::sentence;
use crate::flows::Error;
use crate::flows::ledger::recognise_files::recognise_files;
use crate::outside::{Outside, OutsideError};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};
use crate::worker::own_alarm::OwnAlarm;

/// How often the file is looked at when nobody rang, for commands note endings too; and whether a head was signed.
const EVERY: Duration = Duration::from_secs(5);
/// How often what other replicas noted is fetched.
pub(super) const FETCH_EVERY: Duration = Duration::from_secs(30);
/// How long something may not be kept in the file store before it is an alarm.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct ExchangeOutside {
    parts: WorkerParts,
    alarm: OwnAlarm,
    /// About a store that others do not see.
    foreign: OwnAlarm,
    /// Since when the file store takes nothing.
    away: Option<Instant>,
    /// When what others noted was fetched last.
    fetched: Option<Instant>,
    /// Rung when that was tried.
    looked: Arc<Notify>,
}

impl ExchangeOutside {
    /// Rings `looked` whenever it looked for what other replicas noted.
    pub(super) fn new(parts: WorkerParts, looked: Arc<Notify>) -> Self {
        let (alarm, foreign) = (OwnAlarm::new(OUTSIDE), OwnAlarm::new(FILE_STORE));
        Self { parts, alarm, foreign, away: None, fetched: None, looked }
    }
}

#[async_trait]
impl Task for ExchangeOutside {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ExchangeOutside, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let is_due = self.fetched.is_none_or(|fetched| fetched.elapsed() >= FETCH_EVERY);
        let exchanged = exchange(self.parts.db.outside(), is_due).await;
        if is_due {
            self.fetched = exchanged.is_ok().then(Instant::now);
            self.looked.notify_one();
        }
        let Err(error) = exchanged else {
            self.away = None;
            self.alarm.end(&self.parts.db).await?;
            if is_due {
                self.watch_store().await?;
            }
            return Ok(Outcome::nothing());
        };
        let since = *self.away.get_or_insert_with(Instant::now);
        if since.elapsed() >= PATIENCE {
            tell_away(&self.parts, &mut self.alarm, &error).await?;
        }
        Err(Error::from(error).into())
    }

    async fn rung(&self) {
        self.parts.db.outside().grown().await;
    }
}

impl ExchangeOutside {
    /// Raises the alarm about a store that others do not see, or ends it.
    async fn watch_store(&mut self) -> Result<(), Error> {
        let WorkerParts { db, files, .. } = &self.parts;
        let at = self.parts.moment();
        match recognise_files(db, files, at.new_id()).await {
            Err(Error::Outside(error @ OutsideError::ForeignStore)) => {
                // It is looked at again as soon as possible.
                self.fetched = None;
                if self.foreign.raise(db, &at, &error.to_string()).await? {
                    tracing::error!(subject = FILE_STORE, "{error}");
                }
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => self.foreign.end(db).await.map(drop),
        }
    }
}

/// Heads are fetched each time: of a machine that signs none, they are all that tells it how far the ledger came.
async fn exchange(outside: &Outside, is_due: bool) -> Result<(), OutsideError> {
    let exchanged = if is_due { outside.exchange().await } else { outside.put_new().await };
    let fetched = outside.fetch_heads().await;
    exchanged.and(fetched)
}

async fn tell_away(
    parts: &WorkerParts,
    alarm: &mut OwnAlarm,
    error: &OutsideError,
) -> Result<(), Error> {
    if alarm.raise(&parts.db, &parts.moment(), &sentence(error)).await? {
        tracing::error!(subject = OUTSIDE, error = ?error, "nothing can be kept outside");
    }
    Ok(())
}
