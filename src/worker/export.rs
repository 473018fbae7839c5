//! Makes the exports that are too long for a browser to wait for: into a file that its asker fetches later.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::domain::request_id::RequestId;
use crate::domain::sentence::sentence;
use crate::export::{ExportError, Format, Preset, Wanted, Written};
use crate::files::{FilesError, Shelf};
use crate::flows::contacts::allow_export::ExportRefused;
use crate::flows::contacts::end_export::{break_off_export, finish_export};
use crate::flows::contacts::record_export::ExportRecord;
use crate::flows::contacts::write_export::{RunError, keep_export, write_export};
use crate::notary::before_export::allow_to_begin;
use crate::store::contacts::export_runs::{self, ExportRun, HeldRun};

/// How often it is looked whether a job waits.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Why a job did not come to its end.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("the export could not be written")]
    Scratch(#[from] std::io::Error),
}

impl JobError {
    /// Whether trying again later may end better.
    fn passes(&self) -> bool {
        match self {
            Self::Run(RunError::Export(error)) => {
                matches!(error, ExportError::Store(_) | ExportError::Outside(_))
            }
            Self::Run(
                RunError::Refused(ExportRefused::Flow(_)) | RunError::Flow(_) | RunError::Lost,
            )
            | Self::Files(_) => true,
            Self::Run(RunError::Refused(_)) | Self::Scratch(_) => false,
        }
    }
}

/// Makes one job after the other until `stop`; what is under way then is begun again by the next worker.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    loop {
        let worked = tokio::select! {
            () = stop.cancelled() => return,
            worked = work_next(&parts, &stop) => worked,
        };
        match worked {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(error = ?error, "an export could not be looked for"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

/// Makes the oldest job that waits; `false` when there is none.
async fn work_next(parts: &WorkerParts, stop: &CancellationToken) -> sqlx::Result<bool> {
    if !export_runs::is_any_open(&mut parts.db.read().await?).await? {
        return Ok(false);
    }
    let mut tx = parts.db.write().await?;
    let Some(held) = export_runs::claim(&mut tx, parts.clock.now()).await? else {
        return Ok(false);
    };
    let run = export_runs::find(&mut tx, held.export_run_id).await?;
    tx.commit().await?;
    let Some(run) = run else { return Ok(false) };
    let rows = AtomicU64::new(0);
    let made = tokio::select! {
        made = make(parts, held, &run, &rows) => made,
        () = keep_export(&parts.db, &parts.clock, held, &rows) => Err(RunError::Lost.into()),
        () = stop.cancelled() => {
            let mut tx = parts.db.write().await?;
            export_runs::release(&mut tx, held).await?;
            tx.commit().await?;
            return Ok(true);
        }
    };
    let id = held.export_run_id;
    let request_id = run.request_id.as_ref().map(RequestId::as_str);
    match made {
        Ok(written) => {
            tracing::info!(run = %id, request_id, rows = written.rows, "an export is ready");
        }
        // Its lease runs out, and whoever finds it then begins again.
        Err(error) if error.passes() => {
            tracing::warn!(run = %id, request_id, error = ?error, "an export stopped and will begin again");
        }
        Err(error) => {
            tracing::error!(run = %id, request_id, error = ?error, "an export failed");
            let mut tx = parts.db.write().await?;
            let at = parts.moment();
            if let Err(error) =
                break_off_export(&mut tx, &at, &run.actor, held, 0, &sentence(&error)).await
            {
                tracing::error!(run = %id, request_id, error = ?error, "that could not be written down");
                return Ok(false);
            }
            tx.commit().await?;
        }
    }
    Ok(true)
}

async fn make(
    parts: &WorkerParts,
    held: HeldRun,
    run: &ExportRun,
    rows: &AtomicU64,
) -> Result<Written, JobError> {
    let filter = run.filter();
    let format = Format::named(&run.format).unwrap_or(Format::Csv);
    let preset = run.preset.as_deref().and_then(Preset::named);
    let wanted = Wanted {
        filter: &filter,
        format,
        preset,
        links: run.links.then_some(&parts.links),
        authority: parts.terms.authority(),
        scratch: &parts.data_dir,
    };
    let WorkerParts { db, terms, clock, random, .. } = parts;
    allow_to_begin(db, terms, clock, random).await.map_err(RunError::from)?;
    // Without a name until it is whole: whatever happens meanwhile, nothing of it is left lying about.
    let file = tempfile::tempfile_in(&parts.data_dir)?;
    let (written, cursor) = write_export(
        (&parts.db, &parts.terms),
        (&parts.clock, &parts.random),
        held,
        wanted,
        &file,
        rows,
    )
    .await?;
    let claim = (held.export_run_id, held.claims);
    let (key, size) = parts.files.put_export(claim, format.as_str(), file).await?;
    let run_id = Some(held.export_run_id);
    let record = ExportRecord { run_id, wanted, written, cursor };
    let mut tx = parts.db.write().await.map_err(RunError::from)?;
    let at = parts.moment();
    let finished = finish_export(&mut tx, &at, &run.actor, held, &record, Some((&key, size)))
        .await
        .map_err(RunError::from)?;
    if !finished {
        parts.files.delete(Shelf::Exports(held.export_run_id), &key).await?;
        return Err(RunError::Lost.into());
    }
    tx.commit().await.map_err(RunError::from)?;
    Ok(written)
}
