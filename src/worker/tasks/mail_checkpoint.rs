//! Has the newest checkpoint mailed to somebody outside, once a day.

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::ledger::mail_checkpoint::mail_checkpoint;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

pub(super) struct MailCheckpoint(pub WorkerParts);

#[async_trait]
impl Task for MailCheckpoint {
    /// As often as there may be a new head.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::MailCheckpoint, self.0.seal_every)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        if !mail_checkpoint(&self.0.db, &self.0.moment()).await? {
            return Ok(Outcome::nothing());
        }
        Ok(Outcome::done("the mail with the newest head decided"))
    }
}
