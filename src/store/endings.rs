//! What the database lacks of the endings that are kept outside it.

use serde::Serialize;
use uuid::Uuid;

use super::{Sql, Tx, on};
use crate::domain::address_key::AddressKey;
use crate::domain::purpose::Purpose;
use crate::domain::suppression::SuppressionReason;
use crate::domain::timestamp::Timestamp;
use crate::outside::{Began, Scope};

/// One ending that is known outside; one row of a batch.
#[derive(Clone, Debug, Serialize)]
pub struct Known {
    address_key: String,
    reason: &'static str,
    purpose: String,
    /// Microseconds since the Unix epoch.
    began: i64,
    lifted: bool,
}

impl Known {
    /// The row of an ending.
    #[must_use]
    pub fn of(scope: &Scope, began: Began) -> Self {
        Self {
            address_key: scope.address_key.to_hex(),
            reason: scope.reason.as_str(),
            purpose: scope.purpose.as_ref().map_or_else(|| "*".into(), ToString::to_string),
            began: began.at.micros(),
            lifted: began.lifted,
        }
    }
}

/// The batch, $1, as rows.
macro_rules! known {
    ($columns:literal, $which:literal) => {
        Sql {
            sqlite: concat!(
                "WITH known AS MATERIALIZED (
                     SELECT unhex(value->>'address_key') AS address_key, value->>'reason' AS reason,
                            value->>'purpose' AS purpose, value->>'began' AS began,
                            value->>'lifted' AS lifted FROM json_each($1)) SELECT ",
                $columns,
                " FROM known k ",
                $which
            ),
            postgres: concat!(
                "WITH known AS MATERIALIZED (
                     SELECT decode(address_key, 'hex') AS address_key, reason, purpose,
                            TIMESTAMPTZ 'epoch' + began * INTERVAL '1 microsecond' AS began, lifted
                     FROM json_to_recordset(CAST($1 AS json)) AS row (address_key text, reason text,
                         purpose text, began bigint, lifted boolean)) SELECT ",
                $columns,
                " FROM known k ",
                $which
            ),
        }
    };
}

/// The withdrawals among these that the database lacks, and the consents that ran out: whose consent to that purpose is
/// in force, by an event older than its end, without that end among their events. The last says whether it ran out.
///
/// # Errors
/// When the database does not answer.
pub async fn list_unwithdrawn(
    tx: &mut Tx,
    known: &[Known],
) -> sqlx::Result<Vec<(Uuid, Purpose, bool)>> {
    const LIST: Sql = known!(
        "u.subscriber_id, c.purpose, k.reason = 'expired'",
        "JOIN subscriber u ON u.address_key = k.address_key
         JOIN consent c ON c.subscriber_id = u.subscriber_id AND c.purpose = k.purpose
         JOIN consent_event e ON e.event_id = c.event_id
         WHERE k.reason IN ('unsubscribed', 'expired') AND c.state IN ('given', 'renewed')
           AND e.recorded_at < k.began
           AND NOT EXISTS (SELECT 1 FROM consent_event w
                           WHERE w.subject_id = u.subscriber_id AND w.purpose = k.purpose
                             AND w.type IN ('withdrawn', 'expired') AND w.recorded_at = k.began)
         ORDER BY u.subscriber_id, c.purpose"
    );
    let known = super::batch(known)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(known).fetch_all(conn).await)
}

/// The erasures among these that the database lacks: of whom something is held that is older than the erasure,
/// and nothing newer, without that erasure among its events.
///
/// # Errors
/// When the database does not answer.
pub async fn list_unerased(tx: &mut Tx, known: &[Known]) -> sqlx::Result<Vec<AddressKey>> {
    const LIST: Sql = known!(
        "k.address_key",
        "WHERE k.reason = 'erased'
           AND (EXISTS (SELECT 1 FROM subscriber u
                        WHERE u.address_key = k.address_key AND u.created_at < k.began)
                OR EXISTS (SELECT 1 FROM signup s
                           WHERE s.address_key = k.address_key AND s.created_at < k.began))
           AND NOT EXISTS (SELECT 1 FROM subscriber u
                           WHERE u.address_key = k.address_key AND u.verified_at > k.began)
           AND NOT EXISTS (SELECT 1 FROM consent_event e
                           WHERE e.type = 'erased' AND e.recorded_at = k.began)
         ORDER BY k.address_key"
    );
    let known = super::batch(known)?;
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(known).fetch_all(conn).await)
}

/// A suppression that the database lacks.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unsuppressed {
    /// Whose.
    pub address_key: AddressKey,
    /// Why.
    pub reason: SuppressionReason,
    /// Of what, or `*`.
    pub purpose: String,
    /// Since when.
    pub began: Timestamp,
}

/// The suppressions among these that the database lacks: neither lifted nor outlived by somebody who came back.
///
/// # Errors
/// When the database does not answer.
pub async fn list_unsuppressed(tx: &mut Tx, known: &[Known]) -> sqlx::Result<Vec<Unsuppressed>> {
    const LIST: Sql = known!(
        "k.address_key, k.reason, k.purpose, k.began",
        "WHERE NOT k.lifted AND k.reason <> 'expired'
           AND NOT EXISTS (SELECT 1 FROM suppression s
                           WHERE s.address_key = k.address_key AND s.reason = k.reason
                             AND s.purpose = k.purpose)
           AND NOT (k.reason = 'erased'
                    AND EXISTS (SELECT 1 FROM subscriber u
                                WHERE u.address_key = k.address_key AND u.verified_at > k.began))
           AND NOT (k.reason = 'unsubscribed'
                    AND EXISTS (SELECT 1 FROM subscriber u
                                JOIN consent c ON c.subscriber_id = u.subscriber_id
                                JOIN consent_event e ON e.event_id = c.event_id
                                WHERE u.address_key = k.address_key AND c.purpose = k.purpose
                                  AND c.state IN ('given', 'renewed') AND e.recorded_at > k.began))
         ORDER BY k.address_key, k.reason, k.purpose"
    );
    let known = super::batch(known)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(known).fetch_all(conn).await)
}
