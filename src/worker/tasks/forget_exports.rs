//! Deletes files of exports as their time comes.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::background_task::BackgroundTask;
use crate::domain::contacts::export_run::FILE_KEPT;
use crate::domain::timestamp::Timestamp;
use crate::files::{Files, FilesError, Shelf};
use crate::flows::contacts::end_export::{end_abandoned, expire_export};
use crate::random::Moment;
use crate::store::Db;
use crate::store::contacts::outdated_exports::{self, OutdatedRun};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(10);

pub(super) struct ForgetExports(pub WorkerParts);

#[async_trait]
impl Task for ForgetExports {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::ForgetExports, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let deleted = forget_exports(&self.0.db, &self.0.files, &self.0.moment()).await?;
        let words = (
            deleted,
            "file of an export past its time deleted",
            "files of exports past their time deleted",
        );
        Ok(Outcome::counted(&[words]))
    }
}

/// Deletes the files of exports whose time is over, also those of workers that died over them, and breaks off
/// downloads that died with their server; returns how many files.
///
/// # Errors
/// When the database or the file store does not answer; what was committed before stays done.
pub async fn forget_exports(db: &Db, files: &Files, at: &Moment) -> Result<usize, TaskError> {
    db.run(|tx| Box::pin(end_abandoned(tx, at))).await?;
    let (mut deleted, mut after) = (0, (Timestamp::EARLIEST, Uuid::nil()));
    let mut refused = None;
    loop {
        let before = at.now.minus(FILE_KEPT);
        let outdated =
            outdated_exports::list_outdated(&mut db.read().await?, before, after).await?;
        let Some(last) = outdated.last() else { break };
        after = last.place();
        for OutdatedRun { export_run_id, file_key, .. } in outdated {
            // First the file: a row that still names it is found again.
            match files.delete(Shelf::Exports(export_run_id), &file_key).await {
                // Another hand wrote that: it stays as it is, for whoever looks into it.
                Err(error @ FilesError::NotOurs(_)) => {
                    tracing::error!(run = %export_run_id, error = ?error, "an export's row names a file that is not its own: nothing is deleted");
                    continue;
                }
                // It keeps no other file from going.
                Err(error @ FilesError::Link(_)) => {
                    refused.get_or_insert(error);
                    continue;
                }
                gone => gone?,
            }
            db.run(|tx| Box::pin(expire_export(tx, at, export_run_id))).await?;
            deleted += 1;
        }
    }
    // Later than any that a row names.
    deleted += files.sweep_exports(at.now.minus(2 * FILE_KEPT)).await?;
    refused.map_or(Ok(deleted), |error| Err(error.into()))
}
