//! Marketing takes away exactly the contacts it may write to, and that it did is written down.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::export::{Format, Preset, Wanted, Written};
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::exports::ExportFilter;
use crate::store::staff::audit_entries;

/// An export that was made, for the audit.
pub struct ExportRecord<'a> {
    /// Its run at the console, if it was made there.
    pub run_id: Option<Uuid>,
    /// What it was to hold.
    pub wanted: Wanted<'a>,
    /// What it holds.
    pub written: Written,
    /// The ledger's place at that moment: who left later stands in `withdrawals` after it.
    pub cursor: i64,
}

/// Writes down that an export was made: who, when, filter, rows and the hash of its bytes.
///
/// # Errors
/// When the database does not take it.
pub async fn record_export(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    record: &ExportRecord<'_>,
) -> Result<(), Error> {
    let ExportRecord { run_id, wanted, written, cursor } = record;
    let mut detail = asked(wanted.filter, wanted.format, wanted.preset, wanted.links.is_some());
    detail["run"] = json!(run_id);
    detail["rows"] = json!(written.rows);
    detail["sha256"] = json!(HEXLOWER.encode(&written.sha256));
    detail["cursor"] = json!(cursor);
    audit_entries::append(tx, at, actor, Action::Export, &detail).await?;
    Ok(())
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
