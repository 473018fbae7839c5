//! What was drawn of a report's file is kept.

use crate::domain::slug::Slug;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::catalog::report_drawings::{self, NewDrawing, PictureKeys};
use crate::store::catalog::reports;

/// Keeps what was drawn of this report, and gives the pictures that no row names once this is committed: those of an
/// earlier file, or the new ones where the report has another file by now or was drawn by somebody else.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_drawing(
    tx: &mut Tx,
    slug: &Slug,
    new: &NewDrawing,
) -> Result<Option<PictureKeys>, Error> {
    // Two who draw one report come one after the other.
    reports::lock(tx, slug).await?;
    let old = report_drawings::find_pictures(tx, new.report_id).await?;
    let kept = report_drawings::upsert(tx, new).await?;
    Ok(if kept { old } else { new.pictures.clone() })
}
