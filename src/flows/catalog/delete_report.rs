//! A draft that was made by mistake goes.

use serde_json::json;

use crate::domain::slug::Slug;
use crate::domain::staff::action::Action;
use crate::flows::Act;
use crate::flows::catalog::report_error::ReportError;
use crate::store::Tx;
use crate::store::catalog::report_drawings;
use crate::store::catalog::reports::{self, DraftFiles};

/// Deletes a draft. Gives the keys of its files, which no row names once this is committed.
///
/// # Errors
/// When there is no such report, it was published once, or somebody asked for it.
pub async fn delete_draft(tx: &mut Tx, act: &Act, slug: &Slug) -> Result<Vec<String>, ReportError> {
    let report = reports::lock(tx, slug).await?;
    let report = report.ok_or_else(|| ReportError::Unknown(slug.clone()))?;
    let pictures = report_drawings::find_pictures(tx, report.report_id).await?;
    report_drawings::delete(tx, report.report_id).await?;
    let files = reports::delete_draft(tx, report.report_id).await?;
    let DraftFiles { file_key, cover_key } =
        files.ok_or_else(|| ReportError::NotADraft(slug.clone()))?;
    let mut unnamed = vec![file_key];
    unnamed.extend(cover_key);
    unnamed.extend(pictures.into_iter().flat_map(|keys| [keys.cover, keys.card]));
    let detail = json!({"slug": slug, "title": report.title, "sha256": report.sha256});
    act.audit(tx, Action::ReportDelete, &detail).await?;
    Ok(unnamed)
}
