//! Empties SQLite's write-ahead log while it may hold what was erased.

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

pub(super) struct EmptyLog(pub WorkerParts);

#[async_trait]
impl Task for EmptyLog {
    /// As often as is sealed, for that writes too.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::EmptyLog, self.0.seal_every)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let emptied = self.0.db.must_forget() && self.0.db.forget_log().await;
        let words = "the log emptied of what was erased";
        Ok(if emptied { Outcome::done(words) } else { Outcome::nothing() })
    }
}
