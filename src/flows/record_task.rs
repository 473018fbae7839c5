//! What a background task did last is written down, for the console and `/readyz`.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::background_tasks::{self, LastRun};

/// How often a process gives word of its tasks at least.
pub const WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// Writes down a process's last run of a task. A failure is over when the process that saw it sees the task work; of one
/// that is gone, when no word of it came for a few periods. The first word of a process ends any: it may follow the one
/// that saw it.
pub async fn record_task(
    tx: &mut Tx,
    process: Uuid,
    run: &LastRun,
    is_first: bool,
) -> Result<(), Error> {
    background_tasks::upsert(tx, run).await?;
    if let Some(since) = run.failing_since {
        background_tasks::mark_failing(tx, run, since, process).await?;
    } else {
        let silence = run.period.saturating_add(WRITTEN_EVERY).saturating_mul(3);
        let stale = if is_first { Timestamp::LATEST } else { run.finished_at.minus(silence) };
        background_tasks::mark_working(tx, run, process, stale).await?;
    }
    Ok(())
}
