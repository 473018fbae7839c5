//! Requests that may be sent again, and what they were answered.

use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// What is known of a key.
#[derive(sqlx::FromRow)]
pub struct Begun {
    /// Of the body that came with it.
    pub body_hash: Vec<u8>,
    /// What it was answered, once it was.
    pub answer: Option<String>,
}

/// Takes a key that nobody has; one whose request was begun before `abandoned` and never answered, or before
/// `forgotten`, is free again. `false` when somebody has it.
pub async fn claim(
    tx: &mut Tx,
    request: &IdempotentRequest,
    now: Timestamp,
    (abandoned, forgotten): (Timestamp, Timestamp),
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO idempotent_request (key_hash, body_hash, begun_at) VALUES ($1, $2, $3)
         ON CONFLICT (key_hash) DO UPDATE
         SET body_hash = excluded.body_hash, begun_at = excluded.begun_at, answer = NULL
         WHERE idempotent_request.begun_at <= $5
            OR (idempotent_request.answer IS NULL AND idempotent_request.begun_at <= $4)"
    )
    .bind(request.key_hash.as_slice())
    .bind(request.body_hash.as_slice())
    .bind(now)
    .bind(abandoned)
    .bind(forgotten)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// What is known of a key; `None` for one that nobody has.
pub async fn find(tx: &mut Tx, key_hash: &[u8; 32]) -> sqlx::Result<Option<Begun>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT body_hash, answer FROM idempotent_request WHERE key_hash = $1"
    )
    .bind(key_hash.as_slice())
    .fetch_optional(conn)
    .await)
}

/// Keeps what a request was answered.
pub async fn mark_answered(
    tx: &mut Tx,
    request: &IdempotentRequest,
    answer: &str,
) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE idempotent_request SET answer = $3 WHERE key_hash = $1 AND body_hash = $2"
    )
    .bind(request.key_hash.as_slice())
    .bind(request.body_hash.as_slice())
    .bind(answer)
    .execute(conn)
    .await
    .map(drop))
}

/// Gives a key back whose request was not done.
pub async fn delete(tx: &mut Tx, request: &IdempotentRequest) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "DELETE FROM idempotent_request WHERE key_hash = $1 AND body_hash = $2 AND answer IS NULL"
    )
    .bind(request.key_hash.as_slice())
    .bind(request.body_hash.as_slice())
    .execute(conn)
    .await
    .map(drop))
}

/// Forgets what was begun by then.
pub async fn delete_old(tx: &mut Tx, by: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM idempotent_request WHERE begun_at <= $1")
        .bind(by)
        .execute(conn)
        .await
        .map(drop))
}
