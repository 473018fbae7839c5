//! Exports whose files are kept no longer.

use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// A run whose file still lies there, as its row says.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OutdatedRun {
    /// When it was finished.
    pub finished_at: Timestamp,
    /// Its key.
    pub export_run_id: Uuid,
    /// Where the file lies.
    pub file_key: String,
}

impl OutdatedRun {
    /// Its place among the others.
    #[must_use]
    pub fn place(&self) -> (Timestamp, Uuid) {
        (self.finished_at, self.export_run_id)
    }
}

/// The whole runs that were finished before this moment and whose files still lie there, those behind this place: some
/// of them, in their order.
pub async fn list_outdated(
    tx: &mut Tx,
    before: Timestamp,
    after: (Timestamp, Uuid),
) -> sqlx::Result<Vec<OutdatedRun>> {
    // What `mark_expired` takes, and nothing else.
    on!(tx, |conn| sqlx::query_as(
        "SELECT finished_at, export_run_id, file_key FROM export_run
         WHERE state = 'done' AND file_key IS NOT NULL AND finished_at <= $1
           AND (finished_at, export_run_id) > ($2, $3)
         ORDER BY finished_at, export_run_id LIMIT 100"
    )
    .bind(before)
    .bind(after.0)
    .bind(after.1)
    .fetch_all(conn)
    .await)
}

/// Notes that a run's file is deleted.
pub async fn mark_expired(tx: &mut Tx, id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE export_run SET state = 'expired', file_key = NULL
         WHERE export_run_id = $1 AND state = 'done' AND file_key IS NOT NULL"
    )
    .bind(id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
