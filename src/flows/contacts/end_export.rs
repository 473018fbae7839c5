//! An export asked for at the console comes to its end: whole, broken off, or deleted when its time is over.

use data_encoding::HEXLOWER;
use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::flows::Error;
use crate::flows::contacts::record_export::{ExportRecord, record_export};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::export_runs::{self, HeldRun, WholeRun};
use crate::store::contacts::outdated_exports;
use crate::store::staff::audit_entries;

/// Writes down that a run is whole, with its rows and the hash of its bytes; `false`, and nothing written,
/// when it is somebody else's by now. `file` is where a job's lies, and its size in bytes.
///
/// # Errors
/// When the database does not take it.
pub async fn finish_export(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    held: HeldRun,
    record: &ExportRecord<'_>,
    file: Option<(&str, i64)>,
) -> Result<bool, Error> {
    let whole = WholeRun {
        rows: i64::try_from(record.written.rows).unwrap_or(i64::MAX),
        sha256: &HEXLOWER.encode(&record.written.sha256),
        file,
    };
    if !export_runs::mark_done(tx, at.now, held, &whole).await? {
        return Ok(false);
    }
    record_export(tx, at, actor, record).await?;
    Ok(true)
}

/// Writes down that a run ended before it was whole, and how many contacts had been handed over at most;
/// `false`, and nothing written, when it is somebody else's by now.
///
/// # Errors
/// When the database does not take it.
pub async fn break_off_export(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    held: HeldRun,
    rows: i64,
    reason: &str,
) -> Result<bool, Error> {
    if !export_runs::mark_failed(tx, at.now, held, rows, reason).await? {
        return Ok(false);
    }
    let detail = json!({"run": held.export_run_id, "rows": rows, "reason": reason});
    audit_entries::append(tx, at, actor, Action::ExportBroken, &detail).await?;
    Ok(true)
}

/// Breaks off the downloads that died with their server; returns how many.
///
/// # Errors
/// When the database does not take it.
pub async fn end_abandoned(tx: &mut Tx, at: &Moment) -> Result<usize, Error> {
    let abandoned = export_runs::list_abandoned(tx, at.now).await?;
    for held in &abandoned {
        let Some(run) = export_runs::find(tx, held.export_run_id).await? else { continue };
        let reason = "the server stopped on the way";
        break_off_export(tx, at, &run.actor, *held, run.rows_done, reason).await?;
    }
    Ok(abandoned.len())
}

/// Writes down that a finished job's file was deleted, for its time is over.
///
/// # Errors
/// When the database does not take it.
pub async fn expire_export(tx: &mut Tx, at: &Moment, id: Uuid) -> Result<(), Error> {
    if outdated_exports::mark_expired(tx, id).await? {
        audit_entries::append(tx, at, "program", Action::ExportExpired, &json!({"run": id}))
            .await?;
    }
    Ok(())
}
