//! The audit entry of an export: who took away which contacts, and in which file.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::domain::staff::action::Action;
use crate::export::{Format, Preset, Wanted, Written};
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::contacts::export_runs::{self, HeldRun, WholeRun};
use crate::store::contacts::exportable::ExportFilter;

/// An export that was made, for the audit.
pub struct ExportRecord<'a> {
    /// Its run, if it was asked for at the console or by a program, held by whoever made it.
    pub held: Option<HeldRun>,
    /// What it was to hold.
    pub wanted: Wanted<'a>,
    /// What it holds.
    pub written: Written,
    /// The ledger's place at that moment: who left later stands in `withdrawals` after it.
    pub cursor: i64,
    /// Where a job's file lies, and its size in bytes.
    pub file: Option<(&'a str, i64)>,
}

/// Writes down that an export was made: who, when, filter, rows and the hash of its bytes, and that its run is whole.
/// `false`, and nothing written, when that is somebody else's by now.
pub async fn record_export(
    tx: &mut Tx,
    act: &Act,
    record: &ExportRecord<'_>,
) -> Result<bool, Error> {
    let ExportRecord { held, wanted, written, cursor, file } = record;
    let sha256 = HEXLOWER.encode(&written.sha256);
    if let Some(held) = held {
        let rows = i64::try_from(written.rows).unwrap_or(i64::MAX);
        let whole = WholeRun { rows, sha256: &sha256, file: *file };
        if !export_runs::mark_done(tx, act.at.now, *held, &whole).await? {
            return Ok(false);
        }
    }
    let mut detail = asked(wanted.filter, wanted.format, wanted.preset, wanted.links.is_some());
    detail["run"] = json!(held.map(|held| held.export_run_id));
    detail["rows"] = json!(written.rows);
    detail["sha256"] = json!(sha256);
    detail["cursor"] = json!(cursor);
    act.audit(tx, Action::Export, &detail).await?;
    Ok(true)
}

/// What an export is asked to hold, for the audit.
pub(in crate::flows) fn asked(
    filter: &ExportFilter,
    format: Format,
    preset: Option<Preset>,
    links: bool,
) -> Value {
    json!({
        "purpose": filter.purpose,
        "report": filter.report,
        "since": filter.since,
        "until": filter.until,
        "policy": filter.policy,
        "format": format.as_str(),
        "preset": preset.map(Preset::as_str),
        "links": links,
    })
}
