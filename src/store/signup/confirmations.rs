//! How many of those who were mailed through each form have confirmed.

use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// What the confirmation mails of one form came to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Confirmations {
    /// The report of the form; none for the newsletters.
    pub report: Option<Slug>,
    /// How many signups were mailed a link.
    pub mailed: i64,
    /// How many of these are confirmed.
    pub confirmed: i64,
}

/// Counts, for each form, the signups to which a link was handed over after `since` and until `until`. A
/// signup that was mailed twice is one.
pub async fn count_by_form(
    tx: &mut Tx,
    since: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Vec<Confirmations>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT r.slug AS report, count(*) AS mailed,
                count(*) FILTER (WHERE s.status = 'confirmed') AS confirmed
         FROM (SELECT DISTINCT signup_id FROM outbox
               WHERE kind = 'confirm' AND state = 'sent'
                 AND finished_at > $1 AND finished_at <= $2) AS mail
         JOIN signup s ON s.signup_id = mail.signup_id
         LEFT JOIN report r ON r.report_id = s.report_id
         GROUP BY r.slug ORDER BY r.slug"
    )
    .bind(since)
    .bind(until)
    .fetch_all(conn)
    .await)
}
