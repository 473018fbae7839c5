//! Marketing takes away exactly the contacts it may write to, and that it did is written down.

use serde_json::json;

use super::Error;
use crate::domain::notice::hex;
use crate::random::Moment;
use crate::store::exports::ExportFilter;
use crate::store::{Tx, audit_entries};

/// What an export was, for the audit.
pub struct ExportRun<'a> {
    /// What narrowed it.
    pub filter: &'a ExportFilter,
    /// `csv` or `ndjson`.
    pub format: &'a str,
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
        "purpose": run.filter.purpose,
        "report": run.filter.report,
        "since": run.filter.since,
        "policy": run.filter.policy,
        "format": run.format,
        "rows": run.rows,
        "sha256": hex(&run.sha256),
        "cursor": run.cursor,
    });
    audit_entries::append(tx, at, actor, "export", &detail).await?;
    Ok(())
}
