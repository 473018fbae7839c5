//! Reports on offer.

use uuid::Uuid;

use crate::domain::catalog::address_rules::AddressRules;
use crate::domain::catalog::media_type::MediaType;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::ReportStatus;
use crate::domain::catalog::report_details::ReportDetails;
use crate::domain::catalog::return_address::ReturnAddress;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::catalog::report_drawings::DrawnReport;
use crate::store::{Effect, Sql, Tx, on};

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
    pub media_type: MediaType,
    /// The file's size in bytes.
    pub byte_size: i64,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: String,
    /// How many pages it has, where that is known.
    pub pages: Option<i64>,
    /// Where the cover that was chosen for it lies in the file store.
    pub cover_key: Option<String>,
    /// That cover's media type.
    pub cover_media_type: Option<MediaType>,
    /// Whether the form requires a name.
    pub requires_name: bool,
    /// Whether the form requires an organisation.
    pub requires_organisation: bool,
    /// Whether the form requires a job title.
    pub requires_job_title: bool,
    /// Where its readers can go on.
    pub return_to: Option<ReturnAddress>,
    /// Which addresses its form takes.
    #[sqlx(try_from = "String")]
    pub address_rules: AddressRules,
    /// Where it stands.
    pub status: ReportStatus,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// What was drawn of its file.
    #[sqlx(flatten)]
    pub drawn: DrawnReport,
}

impl Report {
    /// How many pages it has: as somebody said, or as they were counted.
    #[must_use]
    pub fn length(&self) -> Option<i64> {
        self.pages.or(self.drawn.pages)
    }

    /// Where its cover lies and what it is: the one that was chosen, or its first page.
    #[must_use]
    pub fn cover(&self) -> Option<(&str, MediaType)> {
        self.chosen_or(self.drawn.cover_key.as_deref())
    }

    /// Where the picture lies that social networks show, and what it is.
    #[must_use]
    pub fn card(&self) -> Option<(&str, MediaType)> {
        self.chosen_or(self.drawn.card_key.as_deref())
    }

    fn chosen_or<'a>(&'a self, drawn: Option<&'a str>) -> Option<(&'a str, MediaType)> {
        let chosen = self.cover_key.as_deref().zip(self.cover_media_type);
        chosen.or_else(|| Some((drawn?, MediaType::JPEG)))
    }
}

/// A file about to become a report's.
#[derive(Clone, Debug)]
pub struct ReportFile {
    /// Where it lies in the file store.
    pub key: String,
    /// Its media type, told by its first bytes.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub byte_size: i64,
    /// Lower-case hex SHA-256.
    pub sha256: String,
}

/// Adds a report; `false` when the slug is taken.
pub async fn insert(tx: &mut Tx, report: &Report, newsletters: &[Uuid]) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| {
        let inserted = sqlx::query(
            "INSERT INTO report
                 (report_id, slug, title, summary, body, file_key, media_type, byte_size, sha256,
                  pages, cover_key, cover_media_type, requires_name, requires_organisation,
                  requires_job_title, status, created_at, published_at, return_to,
                  address_rules)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
             ON CONFLICT (slug) DO NOTHING",
        )
        .bind(report.report_id)
        .bind(&report.slug)
        .bind(&report.title)
        .bind(&report.summary)
        .bind(&report.body)
        .bind(&report.file_key)
        .bind(report.media_type)
        .bind(report.byte_size)
        .bind(&report.sha256)
        .bind(report.pages)
        .bind(&report.cover_key)
        .bind(report.cover_media_type)
        .bind(report.requires_name)
        .bind(report.requires_organisation)
        .bind(report.requires_job_title)
        .bind(report.status)
        .bind(report.created_at)
        .bind(report.published_at)
        .bind(&report.return_to)
        .bind(report.address_rules.to_string())
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

/// Its columns are named: a statement that was prepared before a newer version added one would fail after.
macro_rules! reports {
    ($which:literal) => {
        concat!(
            "SELECT report.report_id, slug, title, summary, body, report.file_key, media_type, byte_size, sha256,
                    report.pages, report.cover_key, cover_media_type, requires_name, requires_organisation,
                    requires_job_title, status, created_at, published_at, return_to, address_rules,
                    drawn.pages AS drawn_pages, drawn.cover_key AS drawn_cover_key, drawn.card_key AS drawn_card_key
             FROM report
             LEFT JOIN report_drawing AS drawn
                    ON drawn.report_id = report.report_id AND drawn.file_key = report.file_key ",
            $which
        )
    };
}

/// All reports, newest first.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Report>> {
    const LIST: &str = reports!("ORDER BY created_at DESC, report.report_id DESC");
    on!(tx, |conn| sqlx::query_as(LIST).fetch_all(conn).await)
}

/// The report of this name.
pub async fn find(tx: &mut Tx, slug: &Slug) -> sqlx::Result<Option<Report>> {
    const FIND: &str = reports!("WHERE slug = $1");
    on!(tx, |conn| sqlx::query_as(FIND).bind(slug).fetch_optional(conn).await)
}

/// The report of this name, which nobody else changes before this transaction ends.
pub async fn lock(tx: &mut Tx, slug: &Slug) -> sqlx::Result<Option<Report>> {
    const LOCK: Sql = Sql {
        sqlite: reports!("WHERE slug = $1"),
        postgres: reports!("WHERE slug = $1 FOR UPDATE OF report"),
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_as(sql).bind(slug).fetch_optional(conn).await)
}

/// Which purposes each report's form offers, in order: its newsletters, then those of the operator's own.
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
pub async fn mark_published(tx: &mut Tx, at: &Moment, slug: &Slug) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
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
pub async fn mark_withdrawn(tx: &mut Tx, at: &Moment, slug: &Slug) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
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

/// Where the files of a deleted draft lie.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DraftFiles {
    /// Its file.
    pub file_key: String,
    /// The cover that was chosen for it.
    pub cover_key: Option<String>,
}

/// Deletes a draft that was never published and that nobody asked for, with what its form would offer; `None`
/// when it is none. Then nothing of it may be committed.
pub async fn delete_draft(tx: &mut Tx, report_id: Uuid) -> sqlx::Result<Option<DraftFiles>> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| {
        sqlx::query("DELETE FROM report_newsletter WHERE report_id = $1")
            .bind(report_id)
            .execute(&mut *conn)
            .await?;
        sqlx::query("DELETE FROM report_purpose WHERE report_id = $1")
            .bind(report_id)
            .execute(&mut *conn)
            .await?;
        sqlx::query_as(
            "DELETE FROM report
             WHERE report_id = $1 AND status = 'draft' AND published_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM signup WHERE signup.report_id = report.report_id)
             RETURNING file_key, cover_key",
        )
        .bind(report_id)
        .fetch_optional(conn)
        .await
    })
}

/// Replaces what an editor decides about a report. Which boxes its form offers is kept elsewhere.
pub async fn update(tx: &mut Tx, report_id: Uuid, details: &ReportDetails) -> sqlx::Result<()> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE report SET title = $2, summary = $3, body = $4, pages = $5, requires_name = $6,
                requires_organisation = $7, requires_job_title = $8, return_to = $9, address_rules = $10
         WHERE report_id = $1"
    )
    .bind(report_id)
    .bind(&details.title)
    .bind(&details.summary)
    .bind(Some(&details.body).filter(|body| !body.is_empty()))
    .bind(details.pages)
    .bind(details.requires_name)
    .bind(details.requires_organisation)
    .bind(details.requires_job_title)
    .bind(&details.return_to)
    .bind(details.address_rules.to_string())
    .execute(conn)
    .await
    .map(drop)
    })
}

/// Replaces the newsletters that a report's form offers, in this order.
pub async fn replace_newsletters(
    tx: &mut Tx,
    report_id: Uuid,
    newsletter_ids: &[Uuid],
) -> sqlx::Result<()> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| {
        sqlx::query("DELETE FROM report_newsletter WHERE report_id = $1")
            .bind(report_id)
            .execute(&mut *conn)
            .await?;
        for (position, newsletter_id) in (0i64..).zip(newsletter_ids) {
            sqlx::query(
                "INSERT INTO report_newsletter (report_id, newsletter_id, position)
                 VALUES ($1, $2, $3)",
            )
            .bind(report_id)
            .bind(newsletter_id)
            .bind(position)
            .execute(&mut *conn)
            .await?;
        }
        Ok(())
    })
}

/// Replaces the operator's own purposes that a report's form offers, in this order.
pub async fn replace_purposes(
    tx: &mut Tx,
    report_id: Uuid,
    purposes: &[Purpose],
) -> sqlx::Result<()> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| {
        sqlx::query("DELETE FROM report_purpose WHERE report_id = $1")
            .bind(report_id)
            .execute(&mut *conn)
            .await?;
        for (position, purpose) in (0i64..).zip(purposes) {
            sqlx::query(
                "INSERT INTO report_purpose (report_id, purpose, position) VALUES ($1, $2, $3)",
            )
            .bind(report_id)
            .bind(purpose)
            .bind(position)
            .execute(&mut *conn)
            .await?;
        }
        Ok(())
    })
}

/// Takes the box of a purpose off a report's form; `false` when it was not there.
pub async fn stop_offering(tx: &mut Tx, report_id: Uuid, purpose: &Purpose) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| {
        let newsletter = sqlx::query(
            "DELETE FROM report_newsletter
             WHERE report_id = $1
               AND newsletter_id = (SELECT newsletter_id FROM purpose WHERE code = $2)",
        )
        .bind(report_id)
        .bind(purpose)
        .execute(&mut *conn)
        .await?;
        let own = sqlx::query("DELETE FROM report_purpose WHERE report_id = $1 AND purpose = $2")
            .bind(report_id)
            .bind(purpose)
            .execute(conn)
            .await?;
        Ok(newsletter.rows_affected() + own.rows_affected() > 0)
    })
}

/// Gives a report another file. Grants name the report, so they open the new one.
pub async fn update_file(tx: &mut Tx, report_id: Uuid, file: &ReportFile) -> sqlx::Result<()> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE report SET file_key = $2, media_type = $3, byte_size = $4, sha256 = $5
         WHERE report_id = $1"
    )
    .bind(report_id)
    .bind(&file.key)
    .bind(file.media_type)
    .bind(file.byte_size)
    .bind(&file.sha256)
    .execute(conn)
    .await
    .map(drop))
}

/// Gives a report another cover.
pub async fn update_cover(
    tx: &mut Tx,
    report_id: Uuid,
    key: &str,
    media_type: MediaType,
) -> sqlx::Result<()> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE report SET cover_key = $2, cover_media_type = $3 WHERE report_id = $1"
    )
    .bind(report_id)
    .bind(key)
    .bind(media_type)
    .execute(conn)
    .await
    .map(drop))
}

/// How many grants of a report still open its file at this moment.
pub async fn count_open_grants(tx: &mut Tx, report_id: Uuid, now: Timestamp) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT count(*) FROM download_grant
         WHERE report_id = $1 AND expires_at > $2 AND revoked_at IS NULL AND used < download_limit"
    )
    .bind(report_id)
    .bind(now)
    .fetch_one(conn)
    .await)
}

/// What became of a report's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ReportFigures {
    /// Which report.
    pub report_id: Uuid,
    /// How many signups it took that are still held.
    pub signups: i64,
    /// How many of them were confirmed.
    pub confirmed: i64,
    /// How many downloads were begun.
    pub downloads: i64,
}

/// What became of each report's form.
pub async fn list_figures(tx: &mut Tx) -> sqlx::Result<Vec<ReportFigures>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT r.report_id, COALESCE(s.signups, 0) AS signups,
                COALESCE(s.confirmed, 0) AS confirmed, COALESCE(d.downloads, 0) AS downloads
         FROM report r
         LEFT JOIN (SELECT report_id, count(*) AS signups,
                           count(confirmed_at) AS confirmed
                    FROM signup GROUP BY report_id) AS s ON s.report_id = r.report_id
         LEFT JOIN (SELECT g.report_id, count(*) AS downloads
                    FROM download d
                    JOIN download_grant g ON g.download_grant_id = d.download_grant_id
                    GROUP BY g.report_id) AS d ON d.report_id = r.report_id"
    )
    .fetch_all(conn)
    .await)
}
