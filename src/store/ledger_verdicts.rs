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
    /// The first thing that was strange and may have its reason.
    pub warning: Option<String>,
}

impl Verdict {
    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.finding.is_none()
    }
}

/// Replaces the last verdict; `seen` is the [`number`] of the one that stood when the check began. That all is
/// sound does not replace what another check found meanwhile: it may have read a row before that row changed.
/// Says whether it stands now.
///
/// # Errors
/// When the database does not take it.
pub async fn upsert(tx: &mut Tx, verdict: &Verdict, seen: i64) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO ledger_verdict (one, checked_at, size, finding, number, warning)
         VALUES (1, $1, $2, $3, 1, $5)
         ON CONFLICT (one) DO UPDATE SET checked_at = excluded.checked_at, size = excluded.size,
             finding = excluded.finding, warning = excluded.warning, number = ledger_verdict.number + 1
         WHERE excluded.finding IS NOT NULL OR ledger_verdict.finding IS NULL
            OR ledger_verdict.number = $4"
    )
    .bind(verdict.checked_at)
    .bind(verdict.size)
    .bind(&verdict.finding)
    .bind(seen)
    .bind(&verdict.warning)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// Which verdict stands, counted from the first; 0 before that.
///
/// # Errors
/// When the database does not answer.
pub async fn number(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT COALESCE(max(number), 0) FROM ledger_verdict")
        .fetch_one(conn)
        .await)
}

/// The last verdict; none before the first check.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut Tx) -> sqlx::Result<Option<Verdict>> {
    on!(tx, |conn| sqlx::query_as("SELECT checked_at, size, finding, warning FROM ledger_verdict")
        .fetch_optional(conn)
        .await)
}
