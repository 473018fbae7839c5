//! Has the newest checkpoint mailed to somebody outside, once a day.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::domain::mail::outbox::MailKind;
use crate::flows::Error;
use crate::store::ledger::checkpoints;
use crate::store::mail::outbox::{self, About};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// How often it is mailed.
const A_DAY: Duration = Duration::from_hours(24);

pub(super) struct MailCheckpoint(pub WorkerParts);

#[async_trait]
impl Task for MailCheckpoint {
    /// As often as there may be a new head.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::MailCheckpoint, self.0.seal_every)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        if !mail_checkpoint(&self.0).await? {
            return Ok(Outcome::nothing());
        }
        Ok(Outcome::done("the mail with the newest head decided"))
    }
}

/// Decides the daily mail with the newest head, if it is time; `false` when it is not.
async fn mail_checkpoint(parts: &WorkerParts) -> Result<bool, Error> {
    let at = parts.moment();
    let since = at.now.minus(A_DAY);
    if !outbox::checkpoint_mail_is_due(&mut parts.db.read().await?, since).await? {
        return Ok(false);
    }
    let told = parts.db.run(|tx| {
        Box::pin(async {
            // Whoever seals locks the head, so of several workers one decides the mail.
            checkpoints::lock_size(tx).await?;
            let due = outbox::checkpoint_mail_is_due(tx, since).await?;
            if due {
                outbox::insert(tx, &at, MailKind::Checkpoint, About::Nobody).await?;
            }
            Ok(due)
        })
    });
    told.await
}
