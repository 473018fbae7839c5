//! Deletes what webhooks told, and what was answered, as its time comes or its webhook is deleted.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::staff::record_webhook_try::{forget_deleted_webhook, forget_old_webhooks};
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
        let old = self.0.db.run(|tx| Box::pin(forget_old_webhooks(tx, &at))).await?;
        let deleted = self.0.db.run(|tx| Box::pin(forget_deleted_webhook(tx))).await?;
        let gone = usize::try_from(old + deleted.unwrap_or(0)).unwrap_or(usize::MAX);
        let words = (gone, "event for a webhook deleted", "events for webhooks deleted");
        let outcome = Outcome::counted(&[words]);
        Ok(if gone > 0 || deleted.is_some() { outcome.and_more_waits() } else { outcome })
    }
}
