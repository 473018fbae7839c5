//! A draft that was made by mistake goes.

use serde_json::json;

use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::Act;
use crate::flows::catalog::report_error::ReportError;
use crate::store::Tx;
use crate::store::catalog::reports::{self, DraftFiles};

/// Deletes a draft. Gives its files, which no row names once this is committed.
///
/// # Errors
/// When there is no such report, it was published once, or somebody asked for it.
pub async fn delete_draft(tx: &mut Tx, act: &Act, slug: &Slug) -> Result<DraftFiles, ReportError> {
    let report = reports::lock(tx, slug).await?;
    let report = report.ok_or_else(|| ReportError::Unknown(slug.clone()))?;
    let files = reports::delete_draft(tx, report.report_id).await?;
    let files = files.ok_or_else(|| ReportError::NotADraft(slug.clone()))?;
    let detail = json!({"slug": slug, "title": report.title, "sha256": report.sha256});
    act.audit(tx, Action::ReportDelete, &detail).await?;
    Ok(files)
}
