//! Marketing at the console, or a program, asks for contacts. That they did is on record before the first of them
//! is read.

use serde_json::json;

use crate::domain::staff::action::Action;
use crate::flows::contacts::allow_export::ExportRefused;
use crate::flows::contacts::record_export::asked;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::export_runs::{self, HeldRun, NewExportRun};
use crate::store::staff::audit_entries;

/// Writes down what is asked for, unless so many jobs are open that a press too many is no reason for one more.
///
/// # Errors
/// When too many jobs are open, or the database does not take it.
pub async fn begin_export(
    tx: &mut Tx,
    at: &Moment,
    new: NewExportRun<'_>,
) -> Result<HeldRun, ExportRefused> {
    let held = export_runs::insert(tx, at, new).await?;
    let held = held.ok_or(ExportRefused::TooManyJobs)?;
    let mut detail = asked(new.filter, new.format, new.preset, new.links);
    detail["run"] = json!(held.export_run_id);
    detail["job"] = json!(new.is_job);
    audit_entries::append(tx, at, new.actor, Action::ExportBegin.with(&detail)).await?;
    Ok(held)
}
