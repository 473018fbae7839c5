//! Closes and deletes unconfirmed signups as their time comes, and what was said of the domains that they name.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::background_task::BackgroundTask;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::purge::{expire, purge};
use crate::flows::ledger::check_events::EventChecker;
use crate::flows::mail::record_mail_domains::forget_mail_domains;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Db;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(10);

pub(super) struct ForgetSignups(pub WorkerParts);

#[async_trait]
impl Task for ForgetSignups {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ForgetSignups, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let deleted = forget_signups(&self.0.db, &self.0.settings, &self.0.moment()).await?;
        let words = (deleted, "unconfirmed signup deleted", "unconfirmed signups deleted");
        Ok(Outcome::counted(&[words]))
    }
}

/// Deletes the unconfirmed signups whose time is over, and what was said of domains; returns how many signups.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn forget_signups(db: &Db, settings: &FlowSettings, at: &Moment) -> Result<usize, Error> {
    db.run(|tx| Box::pin(expire(tx, at.now))).await?;
    db.run(|tx| Box::pin(forget_mail_domains(tx, at.now))).await?;
    let checker = EventChecker::load(&mut db.read().await?, settings).await?;
    let (mut deleted, mut next) = (0, Some((Timestamp::EARLIEST, Uuid::nil())));
    while let Some(after) = next {
        let by = (settings, &checker);
        let purged = db.run(|tx| Box::pin(purge(tx, at, by, after))).await?;
        deleted += purged.gone;
        next = purged.next;
    }
    Ok(deleted)
}
