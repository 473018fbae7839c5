//! Marketing at the console, or a program, asks for contacts. That they did is on record before the first of them
//! is read.

use serde_json::json;

use super::allow_export::{ExportRefused, allow_export};
use super::record_export::asked;
use super::{Error, Terms};
use crate::domain::action::Action;
use crate::random::Moment;
use crate::store::export_runs::{self, HeldRun, NewExportRun};
use crate::store::{Tx, audit_entries};

/// Writes down what is asked for, unless nothing may be exported now, or so many jobs are open that a press too
/// many is no reason for one more.
///
/// # Errors
/// When the ledger is known to be wrong, too many jobs are open, or the database does not take it.
pub async fn begin_export(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    new: NewExportRun<'_>,
) -> Result<HeldRun, ExportRefused> {
    allow_export(tx, terms, at.now).await?;
    let held = export_runs::insert(tx, at, new).await.map_err(Error::from)?;
    let held = held.ok_or(ExportRefused::TooManyJobs)?;
    let mut detail = asked(new.filter, new.format, new.preset, new.links);
    detail["run"] = json!(held.export_run_id);
    detail["job"] = json!(new.is_job);
    audit_entries::append(tx, at, new.actor, Action::ExportBegin, &detail)
        .await
        .map_err(Error::from)?;
    Ok(held)
}
