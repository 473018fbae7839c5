//! Checks the whole ledger whenever the last verdict is too old, whoever came to it.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::flows::ledger::keep_verdict::is_due;
use crate::random::Moments;
use crate::sealing::verify::verify;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// How often it is looked whether the last verdict is too old.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

pub(super) struct VerifyLedger(pub WorkerParts);

#[async_trait]
impl Task for VerifyLedger {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::VerifyLedger, LOOK_AGAIN)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let WorkerParts { db, settings, clock, random, .. } = &self.0;
        if !is_due(&mut db.read().await?, settings, clock.now()).await? {
            return Ok(Outcome::nothing());
        }
        let verification = verify(db, settings, Moments::new(clock, random), |_| ()).await?;
        if verification.is_sound() {
            let leaves = verification.size;
            return Ok(Outcome::done(format!("the ledger is sound, {leaves} leaves checked")));
        }
        let finding = verification.findings.first();
        tracing::error!(finding, "the consent ledger is not what it was; exports stop");
        Ok(Outcome::done("the ledger is not what it was"))
    }
}
