//! Marketing asks for contacts at the console. That they did is on record before the first of them is read.

use serde_json::json;

use super::allow_export::{ExportRefused, allow_export};
use crate::domain::action::Action;
use crate::random::Moment;
use crate::store::export_runs::{self, HeldRun, NewExportRun};
use crate::store::{Tx, audit_entries};

/// Writes down what is asked for, unless nothing may be exported now.
///
/// # Errors
/// When the ledger is known to be wrong, or the database does not take it.
pub async fn begin_export(
    tx: &mut Tx,
    at: &Moment,
    new: NewExportRun<'_>,
) -> Result<HeldRun, ExportRefused> {
    allow_export(tx).await?;
    let held = export_runs::insert(tx, at, new).await.map_err(super::Error::from)?;
    let detail = json!({
        "run": held.export_run_id,
        "purpose": new.filter.purpose,
        "report": new.filter.report,
        "since": new.filter.since,
        "until": new.filter.until,
        "policy": new.filter.policy,
        "format": new.format,
        "preset": new.preset,
        "links": new.links,
        "job": new.is_job,
    });
    audit_entries::append(tx, at, new.actor, Action::ExportBegin, &detail)
        .await
        .map_err(super::Error::from)?;
    Ok(held)
}
