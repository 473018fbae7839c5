//! Makes the exports that are too long for a browser to wait for: into a file that its asker fetches later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::background_task::BackgroundTask;
use crate::domain::request_id::RequestId;
use crate::domain::sentence::sentence;
use crate::export::{ExportError, Wanted, Written};
use crate::files::{FilesError, Shelf};
use crate::flows::contacts::allow_export::ExportRefused;
use crate::flows::contacts::write_export::{Exporting, WriteExportError};
use crate::sealing::before_export::allow_to_begin;
use crate::store::contacts::export_runs::{self, HeldRun};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// How often it is looked whether a job waits.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Why a job did not come to its end.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error(transparent)]
    Export(#[from] WriteExportError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("the export could not be written")]
    Scratch(#[from] std::io::Error),
}

impl JobError {
    /// Whether trying again later may end better.
    fn passes(&self) -> bool {
        match self {
            Self::Export(WriteExportError::Export(error)) => {
                matches!(error, ExportError::Store(_) | ExportError::Outside(_))
            }
            Self::Export(
                WriteExportError::Refused(ExportRefused::Flow(_))
                | WriteExportError::Flow(_)
                | WriteExportError::Lost,
            )
            | Self::Files(_) => true,
            Self::Export(WriteExportError::Refused(_)) | Self::Scratch(_) => false,
        }
    }
}

/// Makes one job after the other; what is under way when the program stops is begun again by the next worker.
pub(super) struct MakeExports {
    parts: WorkerParts,
    stop: CancellationToken,
}

impl MakeExports {
    pub(super) fn new(parts: WorkerParts, stop: CancellationToken) -> Self {
        Self { parts, stop }
    }
}

#[async_trait]
impl Task for MakeExports {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::MakeExports, LOOK_AGAIN)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let worked = work_next(&self.parts, &self.stop).await?;
        Ok(worked.map_or(Outcome::nothing(), |words| Outcome::done(words).and_more_waits()))
    }
}

/// Makes the oldest job that waits, and says what became of it; nothing when there is none.
async fn work_next(
    parts: &WorkerParts,
    stop: &CancellationToken,
) -> Result<Option<&'static str>, TaskError> {
    if !export_runs::is_any_open(&mut parts.db.read().await?).await? {
        return Ok(None);
    }
    let now = parts.clock.now();
    let claimed = parts.db.run(|tx| {
        Box::pin(async {
            let Some(held) = export_runs::claim(tx, now).await? else { return Ok(None) };
            let run = export_runs::find(tx, held.export_run_id).await?;
            Ok::<_, sqlx::Error>(run.map(|run| (held, run)))
        })
    });
    let Some((held, run)) = claimed.await? else { return Ok(None) };
    let (rows, filter) = (AtomicU64::new(0), run.filter());
    let WorkerParts { db, settings, clock, random, .. } = parts;
    let exporting = Exporting {
        db,
        settings,
        clock,
        random,
        actor: &run.actor,
        wanted: Wanted {
            filter: &filter,
            format: run.format,
            preset: run.preset,
            links: run.links.then_some(&parts.links),
            authority: settings.authority(),
            scratch: &parts.data_dir,
        },
        held: Some(held),
    };
    let made = tokio::select! {
        made = Box::pin(exporting.keep(&rows, make(parts, held, exporting, &rows))) => made,
        () = stop.cancelled() => {
            db.run(|tx| Box::pin(export_runs::release(tx, held))).await?;
            return Ok(Some("an export given back, for the program stops"));
        }
    };
    let id = held.export_run_id;
    let request_id = run.request_id.as_ref().map(RequestId::as_str);
    Ok(Some(match made {
        Ok(written) => {
            tracing::info!(run = %id, request_id, rows = written.rows, "an export is ready");
            "an export made"
        }
        // Its lease runs out, and whoever finds it then begins again.
        Err(error) if error.passes() => {
            tracing::warn!(run = %id, request_id, error = ?error, "an export stopped and will begin again");
            "an export stopped, which begins again"
        }
        Err(error) => {
            tracing::error!(run = %id, request_id, error = ?error, "an export failed");
            exporting.break_off(0, &sentence(&error)).await?;
            "an export failed, which its page says"
        }
    }))
}

async fn make(
    parts: &WorkerParts,
    held: HeldRun,
    exporting: Exporting<'_>,
    rows: &AtomicU64,
) -> Result<Written, JobError> {
    let WorkerParts { db, settings, clock, random, .. } = parts;
    allow_to_begin(db, settings, clock, random).await.map_err(WriteExportError::from)?;
    // Without a name until it is whole: whatever happens meanwhile, nothing of it is left lying about.
    let file = tempfile::tempfile_in(&parts.data_dir)?;
    let made = exporting.write(&file, |read| rows.store(read, Ordering::Relaxed)).await?;
    let claim = (held.export_run_id, held.claims);
    let format = exporting.wanted.format.as_str();
    let (key, size) = parts.files.put_export(claim, format, file).await?;
    let recorded = exporting.record(&made, Some((&key, size))).await;
    if let Err(WriteExportError::Lost) = recorded {
        parts.files.delete(Shelf::Exports(held.export_run_id), &key).await?;
    }
    recorded?;
    Ok(made.written)
}
