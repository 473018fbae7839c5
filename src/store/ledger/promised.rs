//! Events that somebody is promised a place for.

use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::ledger::checkpoints::Unsealed;
use crate::store::{Sql, Tx, on};

/// An event, with or without its place by now.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Promised {
    /// What its place is given by.
    #[sqlx(flatten)]
    pub event: Unsealed,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Its place; none while it waits for one.
    pub leaf_index: Option<i64>,
}

/// Those of these events that were not erased, in the order of each person's.
pub async fn list(tx: &mut Tx, event_ids: &[Uuid]) -> sqlx::Result<Vec<Promised>> {
    const LIST: Sql = Sql {
        sqlite:
            "SELECT e.event_id, e.subject_id, e.seq, e.type AS event_type, e.purpose, e.leaf, e.mac,
                     e.recorded_at, e.leaf_index
                 FROM json_each($1) AS named
                 JOIN consent_event e ON e.event_id = unhex(named.value, '-')
                 WHERE e.body IS NOT NULL ORDER BY e.seq, e.event_id",
        postgres:
            "SELECT e.event_id, e.subject_id, e.seq, e.type AS event_type, e.purpose, e.leaf, e.mac,
                       e.recorded_at, e.leaf_index
                   FROM json_array_elements_text(CAST($1 AS json)) AS named (event_id)
                   JOIN consent_event e ON e.event_id = CAST(named.event_id AS uuid)
                   WHERE e.body IS NOT NULL ORDER BY e.seq, e.event_id",
    };
    let event_ids = crate::store::batch(event_ids)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(event_ids).fetch_all(conn).await)
}
