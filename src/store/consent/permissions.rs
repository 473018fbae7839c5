//! What decides whether one person may be written to: the facts that an export goes by, purpose by purpose.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, in_force, on, renewal_missed, suppresses};

/// Where one person stands with one purpose, and what stands against writing to them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PermissionFacts {
    /// For what.
    pub purpose: Purpose,
    /// The name of the newsletter, or of the operator's own purpose.
    pub name: Option<String>,
    /// Where their consent stands, if they ever gave it.
    pub state: Option<EventType>,
    /// When they agreed, which an import says itself; else when that ended.
    pub changed_at: Option<Timestamp>,
    /// The event that made it so.
    pub event_id: Option<Uuid>,
    /// The policy it rests on.
    pub policy_label: Option<Label>,
    /// Until when they were to agree anew, if that moment is past and they have not.
    pub renewal_missed: Option<Timestamp>,
    /// What suppresses mail for this purpose; a reason that covers everything comes first.
    pub suppressed: Option<SuppressionReason>,
    /// Since when.
    pub suppressed_since: Option<Timestamp>,
}

/// The facts about one subscriber at a moment, for every purpose that there is: the privacy policy first,
/// then by age. The conditions are those of [`crate::store::contacts::exportable`], and
/// [`crate::domain::consent::permission`] draws the conclusion;
/// `tests/it/contacts/person.rs::the_answer_is_that_of_the_export_whatever_happened` holds the three together.
pub async fn list(
    tx: &mut Tx,
    now: Timestamp,
    subscriber_id: Uuid,
) -> sqlx::Result<Vec<PermissionFacts>> {
    on!(tx, |conn| {
        sqlx::query_as(concat!(
        "SELECT u.code AS purpose, COALESCE(l.name, u.name) AS name, c.state,
                CASE WHEN ", in_force!("c.state"), " THEN c.confirmed_at ELSE e.recorded_at END AS changed_at,
                c.event_id, p.label AS policy_label,
                (SELECT max(asks.renew_until) FROM policy_version asks
                 WHERE ", renewal_missed!("asks", "p", "$2"), ") AS renewal_missed,
                s.reason AS suppressed, s.since AS suppressed_since
         FROM subscriber who
         CROSS JOIN purpose u
         LEFT JOIN newsletter l ON l.newsletter_id = u.newsletter_id
         LEFT JOIN consent c ON c.subscriber_id = who.subscriber_id AND c.purpose = u.code
         LEFT JOIN consent_event e ON e.event_id = c.event_id
         LEFT JOIN policy_version p ON p.policy_version_id = c.policy_version_id
         LEFT JOIN suppression s ON s.address_key = who.address_key AND s.reason = (
             SELECT min(any_of.reason) FROM suppression any_of WHERE any_of.address_key = who.address_key
               AND ", suppresses!("any_of", "= u.code"), ")
           AND s.purpose IN ('*', u.code)
         WHERE who.subscriber_id = $1
         ORDER BY CASE u.code WHEN 'privacy-policy' THEN 0 ELSE 1 END, u.created_at, u.code"
    ))
    .bind(subscriber_id)
    .bind(now)
    .fetch_all(conn)
    .await
    })
}
