//! Reports on offer.

use uuid::Uuid;

use super::{Tx, on};
use crate::domain::purpose::Purpose;
use crate::domain::report::ReportStatus;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;

/// A report and what is known of its file.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Report {
    /// Its key.
    pub report_id: Uuid,
    /// Its short name.
    pub slug: Slug,
    /// Its title.
    pub title: String,
    /// One or two sentences about it; may be empty.
    pub summary: String,
    /// The landing page's text, Markdown.
    pub body: Option<String>,
    /// Where its file lies in the file store.
    pub file_key: String,
    /// The file's media type, told by its first bytes.
    pub media_type: String,
    /// The file's size in bytes.
    pub byte_size: i64,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: String,
    /// How many pages it has, where that is known.
    pub pages: Option<i64>,
    /// Where its cover lies in the file store.
    pub cover_key: Option<String>,
    /// The cover's media type.
    pub cover_media_type: Option<String>,
    /// Whether the form requires a name.
    pub requires_name: bool,
    /// Whether the form requires an organisation.
    pub requires_organisation: bool,
    /// Whether the form requires a job title.
    pub requires_job_title: bool,
    /// Where it stands.
    pub status: ReportStatus,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
}

/// Adds a report; `false` when the slug is taken.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(tx: &mut Tx, report: &Report, newsletters: &[Uuid]) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        let inserted = sqlx::query(
            "INSERT INTO report
                 (report_id, slug, title, summary, body, file_key, media_type, byte_size, sha256,
                  pages, cover_key, cover_media_type, requires_name, requires_organisation,
                  requires_job_title, status, created_at, published_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
             ON CONFLICT (slug) DO NOTHING",
        )
        .bind(report.report_id)
        .bind(&report.slug)
        .bind(&report.title)
        .bind(&report.summary)
        .bind(&report.body)
        .bind(&report.file_key)
        .bind(&report.media_type)
        .bind(report.byte_size)
        .bind(&report.sha256)
        .bind(report.pages)
        .bind(&report.cover_key)
        .bind(&report.cover_media_type)
        .bind(report.requires_name)
        .bind(report.requires_organisation)
        .bind(report.requires_job_title)
        .bind(report.status)
        .bind(report.created_at)
        .bind(report.published_at)
        .execute(&mut *conn)
        .await?
        .rows_affected()
            == 1;
        for (position, newsletter_id) in (0i64..).zip(newsletters).filter(|_| inserted) {
            sqlx::query(
                "INSERT INTO report_newsletter (report_id, newsletter_id, position)
                 VALUES ($1, $2, $3)",
            )
            .bind(report.report_id)
            .bind(newsletter_id)
            .bind(position)
            .execute(&mut *conn)
            .await?;
        }
        Ok(inserted)
    })
}

/// All reports, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Report>> {
    const LIST: &str = "SELECT * FROM report ORDER BY created_at DESC, report_id DESC";
    on!(tx, |conn| sqlx::query_as(LIST).fetch_all(conn).await)
}

/// Which purposes each report's form offers, in order: its newsletters, then those of the operator's own.
///
/// # Errors
/// When the database does not answer.
pub async fn list_offers(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, Purpose)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT report_id, purpose
         FROM (SELECT n.report_id, p.code AS purpose, 0 AS part, n.position
               FROM report_newsletter n JOIN purpose p ON p.newsletter_id = n.newsletter_id
               UNION ALL
               SELECT report_id, purpose, 1 AS part, position FROM report_purpose) AS offered
         ORDER BY report_id, part, position, purpose"
    )
    .fetch_all(conn)
    .await)
}

/// Offers a report; `false` when there is none of that name. One published before keeps its date.
///
/// # Errors
/// When the database does not take it.
pub async fn mark_published(tx: &mut Tx, at: &Moment, slug: &Slug) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE report SET status = 'published', withdrawn_at = NULL,
                published_at = COALESCE(published_at, $2)
         WHERE slug = $1"
    )
    .bind(slug)
    .bind(at.now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Takes a report back; `false` when there is none of that name or it was never published.
///
/// # Errors
/// When the database does not take it.
pub async fn mark_withdrawn(tx: &mut Tx, at: &Moment, slug: &Slug) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE report SET status = 'withdrawn', withdrawn_at = COALESCE(withdrawn_at, $2)
         WHERE slug = $1 AND status IN ('published', 'withdrawn')"
    )
    .bind(slug)
    .bind(at.now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// What to change of a report's page; what is `None` stays.
pub struct ReportEdit {
    /// Its title.
    pub title: Option<String>,
    /// One or two sentences about it.
    pub summary: Option<String>,
    /// Its text, Markdown.
    pub body: Option<String>,
    /// Where its new cover lies, and the cover's media type.
    pub cover: Option<(String, &'static str)>,
}

/// Changes what a report's page says; `false` when there is none of that name.
///
/// # Errors
/// When the database does not take it.
pub async fn update(tx: &mut Tx, slug: &Slug, edit: &ReportEdit) -> sqlx::Result<bool> {
    let (cover_key, cover_media_type) = edit.cover.clone().unzip();
    on!(tx, |conn| sqlx::query(
        "UPDATE report SET title = COALESCE($2, title), summary = COALESCE($3, summary),
                body = COALESCE($4, body), cover_key = COALESCE($5, cover_key),
                cover_media_type = COALESCE($6, cover_media_type)
         WHERE slug = $1"
    )
    .bind(slug)
    .bind(&edit.title)
    .bind(&edit.summary)
    .bind(&edit.body)
    .bind(cover_key)
    .bind(cover_media_type)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
