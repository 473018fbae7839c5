//! Marketing takes away exactly the contacts it may write to, and that it did is written down.

use serde_json::json;
use uuid::Uuid;

use super::Error;
use crate::domain::action::Action;
use crate::domain::notice::hex;
use crate::export::{Format, Preset};
use crate::random::Moment;
use crate::store::exports::ExportFilter;
use crate::store::{Tx, audit_entries};

/// What an export was, for the audit.
pub struct ExportRun<'a> {
    /// Its run at the console, if it was made there.
    pub run_id: Option<Uuid>,
    /// What narrowed it.
    pub filter: &'a ExportFilter,
    /// The form of the file.
    pub format: Format,
    /// The tool whose names its columns have.
    pub preset: Option<Preset>,
    /// Whether it holds links to everybody's choices.
    pub links: bool,
    /// How many contacts.
    pub rows: u64,
    /// SHA-256 of the bytes that were written.
    pub sha256: [u8; 32],
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
    run: &ExportRun<'_>,
) -> Result<(), Error> {
    let detail = json!({
        "run": run.run_id,
        "purpose": run.filter.purpose,
        "report": run.filter.report,
        "since": run.filter.since,
        "until": run.filter.until,
        "policy": run.filter.policy,
        "format": run.format.as_str(),
        "preset": run.preset.map(Preset::as_str),
        "links": run.links,
        "rows": run.rows,
        "sha256": hex(&run.sha256),
        "cursor": run.cursor,
    });
    audit_entries::append(tx, at, actor, Action::Export, &detail).await?;
    Ok(())
}
