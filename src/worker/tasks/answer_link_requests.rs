//! Turns wishes for lost links into mail. It happens here, and not where they were typed, so that nobody
//! learns from an answer's time whether an address is known.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::Error;
use crate::flows::signup::lost_links::answer_link_requests;
use crate::store::signup::link_requests;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_secs(1);

pub(super) struct AnswerLinkRequests(pub WorkerParts);

#[async_trait]
impl Task for AnswerLinkRequests {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::AnswerLinkRequests, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let answered = answer_all(&self.0).await?;
        let words = (answered, "wish for a lost link answered", "wishes for lost links answered");
        Ok(Outcome::counted(&[words]))
    }
}

/// Answers all that wait; returns how many.
async fn answer_all(parts: &WorkerParts) -> Result<usize, Error> {
    let mut answered = 0;
    if link_requests::find_oldest(&mut parts.db.read().await?).await?.is_none() {
        return Ok(answered);
    }
    loop {
        let at = parts.moment();
        match parts.db.run(|tx| Box::pin(answer_link_requests(tx, &at, &parts.settings))).await? {
            0 => return Ok(answered),
            more => answered += more,
        }
    }
}
