//! Deletes evidence about people that is no longer kept.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::background_task::BackgroundTask;
use crate::flows::contacts::purge::forget_ended;
use crate::flows::ledger::check_events::EventChecker;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Db;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// It takes a look at everybody.
const EVERY: Duration = Duration::from_hours(24);

pub(super) struct ForgetPeople(pub WorkerParts);

#[async_trait]
impl Task for ForgetPeople {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ForgetPeople, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let forgotten = forget_people(&self.0.db, &self.0.settings, &self.0.moment()).await?;
        let words = (
            forgotten,
            "person's evidence past its time deleted",
            "people's evidence past its time deleted",
        );
        Ok(Outcome::counted(&[words]))
    }
}

/// Forgets the people whose evidence is no longer kept; returns how many.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn forget_people(db: &Db, settings: &FlowSettings, at: &Moment) -> Result<usize, Error> {
    let checker = EventChecker::load(&mut db.read().await?, settings).await?;
    let (mut forgotten, mut next) = (0, Some(Uuid::nil()));
    while let Some(after) = next {
        let by = (settings, &checker);
        let purged = db.run(|tx| Box::pin(forget_ended(tx, at, by, after))).await?;
        forgotten += purged.gone;
        next = purged.next;
    }
    if forgotten > 0 {
        db.forget_log().await;
    }
    Ok(forgotten)
}
