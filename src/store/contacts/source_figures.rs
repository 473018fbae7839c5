//! How those did who came to a form by the same way.

use uuid::Uuid;

use crate::domain::key::least_key;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// Where the readers of one form came from, and what became of their signups.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SourceCount {
    /// The report of the form; none for the newsletters alone.
    pub report_id: Option<Uuid>,
    /// What the link said first of itself: `utm_source`, else `ref`, else the site whose page the form stood on.
    pub source: Option<String>,
    /// Its `utm_campaign`.
    pub campaign: Option<String>,
    /// How many signups.
    pub submitted: i64,
    /// How many of them are confirmed.
    pub confirmed: i64,
    /// How many of them downloaded the report.
    pub downloaded: i64,
}

/// Counts, for each form, the signups sent since a moment by where they came from: of each form the `count` ways that most
/// came by. Whoever writes links can have many of them.
pub async fn count_by_source(
    tx: &mut Tx,
    since: Timestamp,
    count: i64,
) -> sqlx::Result<Vec<SourceCount>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT report_id, source, campaign, submitted, confirmed, downloaded FROM (
             SELECT s.report_id, COALESCE(a.utm_source, a.ref, a.page_origin) AS source,
                    a.utm_campaign AS campaign, count(*) AS submitted,
                    count(*) FILTER (WHERE s.status = 'confirmed') AS confirmed,
                    count(*) FILTER (WHERE g.used > 0 OR (g.generation > 1 AND EXISTS (
                        SELECT 1 FROM download d WHERE d.download_grant_id = g.download_grant_id))) AS downloaded,
                    row_number() OVER (PARTITION BY s.report_id
                        ORDER BY count(*) DESC, COALESCE(a.utm_source, a.ref, a.page_origin), a.utm_campaign) AS nth
             FROM signup_source a
             JOIN signup s ON s.signup_id = a.signup_id
             LEFT JOIN download_grant g ON g.signup_id = a.signup_id
             WHERE a.signup_id >= $1 AND s.created_at >= $2
             GROUP BY s.report_id, COALESCE(a.utm_source, a.ref, a.page_origin), a.utm_campaign) AS way
         WHERE nth <= $3 ORDER BY nth"
    )
    .bind(least_key(since))
    .bind(since)
    .bind(count)
    .fetch_all(conn)
    .await
    })
}
