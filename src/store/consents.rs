//! The present state of each subscriber and purpose: the fold of their events.

use uuid::Uuid;

use super::{Tx, on};
use crate::domain::consent::EventType;
use crate::domain::purpose::Purpose;
use crate::domain::timestamp::Timestamp;

/// The state that an event makes.
#[derive(Clone, Debug)]
pub struct Consent<'a> {
    /// Whose.
    pub subscriber_id: Uuid,
    /// For what.
    pub purpose: &'a Purpose,
    /// The state is named after the event that made it.
    pub state: EventType,
    /// That event.
    pub event_id: Uuid,
    /// The words it rested on.
    pub notice_id: Uuid,
    /// The policy it rested on.
    pub policy_version_id: Uuid,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// The page of that signup's form.
    pub source: &'a str,
    /// When the form was sent.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
}

/// Replaces the present state of one subscriber and purpose.
///
/// # Errors
/// When the database does not take it.
pub async fn upsert(tx: &mut Tx, consent: &Consent<'_>) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO consent (subscriber_id, purpose, state, event_id, notice_id, policy_version_id,
                              report_id, source, requested_at, confirmed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (subscriber_id, purpose) DO UPDATE SET
             state = excluded.state, event_id = excluded.event_id, notice_id = excluded.notice_id,
             policy_version_id = excluded.policy_version_id, report_id = excluded.report_id,
             source = excluded.source, requested_at = excluded.requested_at,
             confirmed_at = excluded.confirmed_at"
    )
    .bind(consent.subscriber_id)
    .bind(consent.purpose)
    .bind(consent.state)
    .bind(consent.event_id)
    .bind(consent.notice_id)
    .bind(consent.policy_version_id)
    .bind(consent.report_id)
    .bind(consent.source)
    .bind(consent.requested_at)
    .bind(consent.confirmed_at)
    .execute(conn)
    .await
    .map(drop)
    })
}

/// The present states of one subscriber.
///
/// # Errors
/// When the database does not answer.
pub async fn list_states(
    tx: &mut Tx,
    subscriber_id: Uuid,
) -> sqlx::Result<Vec<(Purpose, EventType)>> {
    on!(tx, |conn| sqlx::query_as("SELECT purpose, state FROM consent WHERE subscriber_id = $1")
        .bind(subscriber_id)
        .fetch_all(conn)
        .await)
}
