//! What the last full check of the ledger found.

use super::{Tx, on};
use crate::domain::timestamp::Timestamp;

/// The last word on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Verdict {
    /// When it was checked.
    pub checked_at: Timestamp,
    /// How many events had their place then.
    pub size: i64,
    /// The first thing that was wrong; none when all was sound.
    pub finding: Option<String>,
}

/// Replaces the last verdict.
///
/// # Errors
/// When the database does not take it.
pub async fn upsert(tx: &mut Tx, verdict: &Verdict) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO ledger_verdict (one, checked_at, size, finding) VALUES (1, $1, $2, $3)
         ON CONFLICT (one) DO UPDATE SET checked_at = excluded.checked_at, size = excluded.size,
             finding = excluded.finding"
    )
    .bind(verdict.checked_at)
    .bind(verdict.size)
    .bind(&verdict.finding)
    .execute(conn)
    .await
    .map(drop))
}

/// The last verdict; none before the first check.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut Tx) -> sqlx::Result<Option<Verdict>> {
    on!(tx, |conn| sqlx::query_as("SELECT checked_at, size, finding FROM ledger_verdict")
        .fetch_optional(conn)
        .await)
}
