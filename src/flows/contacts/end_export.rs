//! An export asked for at the console comes to its end: broken off, or deleted when its time is over.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::export_runs::{self, BrokenExport};
use crate::store::contacts::outdated_exports;
use crate::store::staff::audit_entries;

/// Writes down that a run ended before it was whole; `false`, and nothing written, when it is somebody else's by now.
pub async fn break_off_export(
    tx: &mut Tx,
    act: &Act,
    broken: BrokenExport<'_>,
) -> Result<bool, Error> {
    if !export_runs::mark_failed(tx, act.at.now, broken).await? {
        return Ok(false);
    }
    let BrokenExport { held, rows, reason } = broken;
    let detail = json!({"run": held.export_run_id, "rows": rows, "reason": reason});
    act.audit(tx, Action::ExportBroken, &detail).await?;
    Ok(true)
}

/// Breaks off the downloads that died with their server; returns how many.
pub async fn end_abandoned(tx: &mut Tx, at: &Moment) -> Result<usize, Error> {
    let abandoned = export_runs::list_abandoned(tx, at.now).await?;
    for held in &abandoned {
        let Some(run) = export_runs::find(tx, held.export_run_id).await? else { continue };
        let reason = "the server stopped on the way";
        let broken = BrokenExport { held: *held, rows: run.rows_done, reason };
        break_off_export(tx, &Act::new(at.clone(), run.actor), broken).await?;
    }
    Ok(abandoned.len())
}

/// Writes down that a finished job's file was deleted, for its time is over.
pub async fn expire_export(tx: &mut Tx, at: &Moment, id: Uuid) -> Result<(), Error> {
    if outdated_exports::mark_expired(tx, id).await? {
        audit_entries::append(tx, at, "program", Action::ExportExpired.with(&json!({"run": id})))
            .await?;
    }
    Ok(())
}
