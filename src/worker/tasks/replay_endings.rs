//! Ends again what people ended and the database does not know: other replicas noted it, or it was noted here and then not
//! committed.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, Notify};

use super::exchange_outside::FETCH_EVERY;
use crate::domain::background_task::BackgroundTask;
use crate::flows::ledger::replay_endings::Replay;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

pub(super) struct ReplayEndings {
    parts: WorkerParts,
    replay: Arc<Mutex<Replay>>,
    looked: Arc<Notify>,
}

impl ReplayEndings {
    /// Goes on from where a replay stands, whenever `looked` is rung.
    pub(super) fn new(parts: WorkerParts, replay: Arc<Mutex<Replay>>, looked: Arc<Notify>) -> Self {
        Self { parts, replay, looked }
    }
}

#[async_trait]
impl Task for ReplayEndings {
    /// Behind what was fetched.
    fn schedule(&self) -> Schedule {
        Schedule::after(BackgroundTask::ReplayEndings, FETCH_EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let WorkerParts { db, settings, .. } = &self.parts;
        let mut replay = self.replay.lock().await;
        let replayed = replay.settled(db, settings, &self.parts.moment()).await?;
        if !replayed.is_nothing() {
            tracing::warn!(?replayed, "what people had ended was ended again");
        }
        Ok(Outcome::counted(&[
            (replayed.withdrawn, "consent ended again", "consents ended again"),
            (replayed.erased, "person erased again", "people erased again"),
            (replayed.suppressed, "address suppressed again", "addresses suppressed again"),
        ]))
    }

    async fn rung(&self) {
        self.looked.notified().await;
    }
}
