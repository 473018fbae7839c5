//! Deletes what is left of uploads that broke off.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::domain::timestamp::Timestamp;
use crate::files::{Files, FilesError};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(10);
/// How long nothing is written to an upload before it is no longer under way: the slowest that is borne with sends a part in
/// minutes.
const PIECE_KEPT: Duration = Duration::from_hours(24);

pub(super) struct ForgetUploads(pub WorkerParts);

#[async_trait]
impl Task for ForgetUploads {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ForgetUploads, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let deleted = forget_uploads(&self.0.files, self.0.clock.now()).await?;
        let words = (deleted, "upload that broke off deleted", "uploads that broke off deleted");
        Ok(Outcome::counted(&[words]))
    }
}

/// Deletes what is left of files of reports and covers whose upload broke off with its process; returns how many.
///
/// # Errors
/// When the file store does not answer.
pub async fn forget_uploads(files: &Files, now: Timestamp) -> Result<usize, FilesError> {
    files.sweep_pieces(now.minus(PIECE_KEPT)).await
}
