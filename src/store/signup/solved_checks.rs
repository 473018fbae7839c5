//! Bot checks that were answered, each good once.

use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// Writes down that a check was answered; `false` where it was before.
pub async fn insert(tx: &mut Tx, solved: &SolvedCheck) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO solved_check (nonce, expires_at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING"
    )
    .bind(&solved.nonce[..])
    .bind(solved.expires_at)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// Forgets those that are not taken any more.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM solved_check WHERE expires_at <= $1")
        .bind(now)
        .execute(conn)
        .await
        .map(drop))
}
