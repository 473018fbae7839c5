//! Deletes complaints and requests as their time comes.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::contacts::forget_requests::forget_requests;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(10);

pub(super) struct ForgetRequests(pub WorkerParts);

#[async_trait]
impl Task for ForgetRequests {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ForgetRequests, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let (at, settings) = (self.0.moment(), &self.0.settings);
        let gone = self.0.db.run(|tx| Box::pin(forget_requests(tx, settings.at(&at)))).await?;
        let number = |count| usize::try_from(count).unwrap_or(usize::MAX);
        let outcome = Outcome::counted(&[
            (number(gone.deleted), "request deleted", "requests deleted"),
            (
                number(gone.reduced),
                "answered request of somebody erased reduced",
                "answered requests of people erased reduced",
            ),
        ]);
        Ok(if gone.deleted > 0 { outcome.and_more_waits() } else { outcome })
    }
}
