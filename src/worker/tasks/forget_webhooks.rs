//! Deletes what webhooks told, and what was answered, as its time comes.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::staff::record_webhook_try::forget_old_webhooks;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(10);

pub(super) struct ForgetWebhooks(pub WorkerParts);

#[async_trait]
impl Task for ForgetWebhooks {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ForgetWebhooks, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let at = self.0.moment();
        let gone = self.0.db.run(|tx| Box::pin(forget_old_webhooks(tx, &at))).await?;
        let gone = usize::try_from(gone).unwrap_or(usize::MAX);
        let words = (
            gone,
            "event for a webhook past its time deleted",
            "events for webhooks past their time deleted",
        );
        let outcome = Outcome::counted(&[words]);
        Ok(if gone > 0 { outcome.and_more_waits() } else { outcome })
    }
}
