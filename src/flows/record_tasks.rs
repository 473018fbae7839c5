//! What background tasks did last is written down, for the console and `/readyz`.

use std::time::Duration;

use uuid::Uuid;

use crate::flows::Error;
use crate::store::Tx;
use crate::store::background_tasks::{self, LastRun};

/// How often a process gives word of its tasks at least.
pub const WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// Writes these runs of one process down. A failure is over when the process that saw it, or the one that follows it,
/// sees the task work; of one that is gone, when no word of it came for a few periods.
pub async fn record_tasks(tx: &mut Tx, process: Uuid, runs: &[LastRun]) -> Result<(), Error> {
    for run in runs {
        background_tasks::upsert(tx, run).await?;
        if let Some(since) = run.failing_since {
            background_tasks::mark_failing(tx, run, since, process).await?;
        } else {
            let silence = run.period.saturating_add(WRITTEN_EVERY).saturating_mul(3);
            let stale = run.finished_at.minus(silence);
            background_tasks::mark_working(tx, run, process, stale).await?;
        }
    }
    Ok(())
}
