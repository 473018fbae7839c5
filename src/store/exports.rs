//! Who may be written to, with what proves it.

use futures_util::TryStreamExt;
use uuid::Uuid;

use super::{Tx, on};
use crate::domain::consent::EventType;
use crate::domain::purpose::Purpose;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;

/// Which consents to export: one purpose, and what narrows it.
#[derive(Clone, Debug)]
pub struct ExportFilter {
    /// The one purpose.
    pub purpose: Purpose,
    /// Only those whose signup asked for this report.
    pub report: Option<Slug>,
    /// Only those confirmed at or after this moment.
    pub since: Option<Timestamp>,
    /// Only those given under this policy version.
    pub policy: Option<Label>,
}

/// One contact that may be written to for the purpose.
#[derive(Debug, sqlx::FromRow)]
pub struct ExportRow {
    /// The subscriber.
    pub subscriber_id: Uuid,
    /// Their verified address.
    pub email: String,
    /// Their name, where they gave one.
    pub name: Option<String>,
    /// Where they work, where they said so.
    pub organisation: Option<String>,
    /// What they do there, where they said so.
    pub job_title: Option<String>,
    /// What they agreed to.
    pub purpose: Purpose,
    /// `given` or `renewed`.
    pub state: EventType,
    /// The hash of the words they saw.
    pub notice_sha256: String,
    /// The policy they saw.
    pub policy_version: Label,
    /// When the form was sent.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// The report of the signup that consented.
    pub report: Option<Slug>,
    /// The page of its form.
    pub source: String,
    /// The event that proves it.
    pub receipt_id: Uuid,
}

/// Hands each exportable contact to `each`, one at a time, from one consistent snapshot: consent in force
/// and not suppressed at this moment, and not under a policy that people had to agree to anew until a date
/// now past. Stops at the first error of `each`.
///
/// # Errors
/// When the database does not answer, or what `each` returned.
pub async fn stream<E: From<sqlx::Error>>(
    tx: &mut Tx,
    now: Timestamp,
    filter: &ExportFilter,
    mut each: impl FnMut(ExportRow) -> Result<(), E>,
) -> Result<(), E> {
    on!(tx, |conn| {
        let mut rows = sqlx::query_as(
            "SELECT c.subscriber_id, u.email, u.name, u.organisation, u.job_title, c.purpose, c.state,
                    n.sha256 AS notice_sha256, p.label AS policy_version, c.requested_at, c.confirmed_at,
                    r.slug AS report, c.source, c.event_id AS receipt_id
             FROM consent c
             JOIN subscriber u ON u.subscriber_id = c.subscriber_id
             JOIN notice n ON n.notice_id = c.notice_id
             JOIN policy_version p ON p.policy_version_id = c.policy_version_id
             LEFT JOIN report r ON r.report_id = c.report_id
             WHERE c.purpose = $1 AND c.state IN ('given', 'renewed')
               AND ($2 IS NULL OR r.slug = $2)
               AND ($3 IS NULL OR c.confirmed_at >= $3)
               AND ($4 IS NULL OR p.label = $4)
               AND NOT EXISTS (
                   SELECT 1 FROM policy_version asks
                   WHERE asks.lang = p.lang AND asks.change_class = 'reconsent'
                     AND asks.renew_until <= $5 AND asks.published_at > p.published_at)
               AND NOT EXISTS (
                   SELECT 1 FROM suppression s WHERE s.address_key = u.address_key
                     AND (s.reason IN ('bounced', 'complained', 'erased', 'manual')
                          OR (s.reason = 'unsubscribed' AND s.purpose = c.purpose)))
             ORDER BY c.confirmed_at, c.subscriber_id",
        )
        .bind(&filter.purpose)
        .bind(&filter.report)
        .bind(filter.since)
        .bind(&filter.policy)
        .bind(now)
        .fetch(conn);
        while let Some(row) = rows.try_next().await? {
            each(row)?;
        }
        Ok(())
    })
}
