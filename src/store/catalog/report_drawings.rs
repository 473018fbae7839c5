//! What was drawn of reports' files.

use uuid::Uuid;

use crate::domain::slug::Slug;
use crate::store::{Effect, Tx, on};

/// What was drawn of a report's file, so far; nothing of one that was replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct DrawnReport {
    /// How many pages were counted.
    #[sqlx(rename = "drawn_pages")]
    pub pages: Option<i64>,
    /// Where its first page lies in the file store, small, as JPEG.
    #[sqlx(rename = "drawn_cover_key")]
    pub cover_key: Option<String>,
    /// Where the same lies as a card for social networks, as JPEG.
    #[sqlx(rename = "drawn_card_key")]
    pub card_key: Option<String>,
}

/// A PDF that nobody drew yet.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UndrawnReport {
    /// Which report it is of.
    pub report_id: Uuid,
    /// The report's short name.
    pub slug: Slug,
    /// Where it lies in the file store.
    pub file_key: String,
    /// Its size in bytes.
    pub byte_size: i64,
}

/// What was drawn of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDrawing {
    /// Which report it is of.
    pub report_id: Uuid,
    /// The file.
    pub file_key: String,
    /// How many pages were counted.
    pub pages: Option<i64>,
    /// Where the first page lies as a cover, and as a card; `None` where it could not be drawn.
    pub pictures: Option<PictureKeys>,
}

/// Where the pictures of a report's first page lie in the file store.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PictureKeys {
    /// The cover.
    #[sqlx(rename = "cover_key")]
    pub cover: String,
    /// The card for social networks.
    #[sqlx(rename = "card_key")]
    pub card: String,
}

/// The PDF that has waited longest to be drawn.
pub async fn find_undrawn(tx: &mut Tx) -> sqlx::Result<Option<UndrawnReport>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT report_id, slug, file_key, byte_size
         FROM report
         WHERE media_type = 'application/pdf'
           AND NOT EXISTS (SELECT 1 FROM report_drawing AS drawn
                           WHERE drawn.report_id = report.report_id AND drawn.file_key = report.file_key)
         ORDER BY created_at, report_id
         LIMIT 1"
    )
    .fetch_optional(conn)
    .await
    })
}

/// The pictures of a report, of whichever file they were drawn.
pub async fn find_pictures(tx: &mut Tx, report_id: Uuid) -> sqlx::Result<Option<PictureKeys>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT cover_key, card_key FROM report_drawing WHERE report_id = $1 AND cover_key IS NOT NULL"
    )
    .bind(report_id)
    .fetch_optional(conn)
    .await
    })
}

/// Keeps what was drawn in place of what was drawn of an earlier file; `false` when the report has another file by
/// now, or somebody else drew this one.
pub async fn upsert(tx: &mut Tx, new: &NewDrawing) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    let pictures = new.pictures.as_ref();
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO report_drawing (report_id, file_key, pages, cover_key, card_key)
         SELECT report_id, file_key, $3, $4, $5 FROM report WHERE report_id = $1 AND file_key = $2
         ON CONFLICT (report_id) DO UPDATE
            SET file_key = excluded.file_key, pages = excluded.pages, cover_key = excluded.cover_key,
                card_key = excluded.card_key
          WHERE report_drawing.file_key <> excluded.file_key"
    )
    .bind(new.report_id)
    .bind(&new.file_key)
    .bind(new.pages)
    .bind(pictures.map(|keys| &keys.cover))
    .bind(pictures.map(|keys| &keys.card))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// Deletes what was drawn of a report.
pub async fn delete(tx: &mut Tx, report_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM report_drawing WHERE report_id = $1")
        .bind(report_id)
        .execute(conn)
        .await
        .map(drop))
}
