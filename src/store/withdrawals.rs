//! Who must be removed from copies that were exported earlier.

use uuid::Uuid;

use super::{Tx, on};
use crate::domain::consent::EventType;
use crate::domain::purpose::Purpose;
use crate::domain::timestamp::Timestamp;

/// One consent that ended.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Withdrawal {
    /// Its place in the ledger: where to go on from next time. None while it waits for one.
    pub cursor: Option<i64>,
    /// Whose, as exports name them.
    pub subscriber_id: Uuid,
    /// Their address; gone after erasure.
    pub email: Option<String>,
    /// For what.
    pub purpose: Purpose,
    /// `withdrawn`, `expired` or `erased`.
    pub event: EventType,
    /// When.
    pub at: Timestamp,
}

/// The consents that ended after the place `after`, in the order of the ledger, at most `count`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx, after: i64, count: i64) -> sqlx::Result<Vec<Withdrawal>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT e.leaf_index AS cursor, e.subject_id AS subscriber_id, u.email, e.purpose,
                e.type AS event, e.recorded_at AS at
         FROM consent_event e LEFT JOIN subscriber u ON u.subscriber_id = e.subject_id
         WHERE e.leaf_index > $1 AND e.type IN ('withdrawn', 'expired', 'erased')
         ORDER BY e.leaf_index LIMIT $2"
    )
    .bind(after)
    .bind(count)
    .fetch_all(conn)
    .await)
}
