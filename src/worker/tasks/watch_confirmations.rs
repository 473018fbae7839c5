//! Watches whether those who are mailed through a form confirm.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::mail::watch_confirmations::watch_confirmations;
use crate::flows::raise_alarm::AlarmChanges;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Db;
use crate::store::signup::confirmations;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(1);
/// How far back confirmations are counted.
const WINDOW: Duration = Duration::from_hours(1);
/// Mails younger than this are not counted: people need a while to look.
const YOUNGEST: Duration = Duration::from_mins(10);

pub(super) struct WatchConfirmations(pub WorkerParts);

#[async_trait]
impl Task for WatchConfirmations {
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::WatchConfirmations, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let changes = look(&self.0.db, &self.0.settings, &self.0.moment()).await?;
        let outcome = Outcome::alarms(changes.raised.len(), changes.ended.len());
        for (subject, detail) in changes.raised {
            tracing::error!(subject, detail, "hardly anybody confirms");
        }
        for subject in changes.ended {
            tracing::info!(subject, "confirmations are as usual again");
        }
        Ok(outcome)
    }
}

/// Looks once. Counted apart from what is written, so that nobody waits for the counting.
pub async fn look(db: &Db, settings: &FlowSettings, at: &Moment) -> Result<AlarmChanges, Error> {
    let (since, until) = (at.now.minus(WINDOW), at.now.minus(YOUNGEST));
    let counted = confirmations::count_by_form(&mut db.read().await?, since, until).await?;
    db.run(|tx| Box::pin(watch_confirmations(tx, at, settings, &counted))).await
}
