//! Watches whether an alarm about the relay still stands for something.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::alarm::MAIL_RELAY;
use crate::domain::background_task::BackgroundTask;
use crate::flows::Error;
use crate::flows::raise_alarm::clear;
use crate::mail::transport::Transport;
use crate::store::Db;
use crate::store::alarms;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(1);

pub(super) struct WatchRelay(pub WorkerParts);

#[async_trait]
impl Task for WatchRelay {
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::WatchRelay, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let is_back = relay_is_back(&self.0.db, &self.0.transport).await?;
        let words = "the mail relay can be used again";
        Ok(if is_back { Outcome::done(words) } else { Outcome::nothing() })
    }
}

/// Ends the alarm about the relay when the relay answers. The next mail would, but there may be none, and
/// whoever raised it may be gone.
pub async fn relay_is_back(db: &Db, transport: &Transport) -> Result<bool, Error> {
    let alarms = alarms::list(&mut db.read().await?).await?;
    if !alarms.iter().any(|alarm| alarm.subject == MAIL_RELAY) || transport.check().await.is_err() {
        return Ok(false);
    }
    db.run(|tx| Box::pin(clear(tx, MAIL_RELAY))).await
}
