//! Forms that may be sent again, and what they became.

use std::collections::HashSet;

use uuid::Uuid;

use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// What a key's request became.
#[derive(sqlx::FromRow)]
pub struct StoredRequest {
    /// The keyed hash of the body that came with it.
    pub body_hash: Vec<u8>,
    /// The form.
    pub signup_id: Uuid,
}

struct NewRequest<'a> {
    request: &'a IdempotentRequest,
    signup_id: Uuid,
    stored_at: Timestamp,
}

bound_columns!(NewRequest<'_>, |new| {
    key_hash: "bytea" = new.request.key_hash.as_slice(),
    body_hash: "bytea" = new.request.body_hash.as_slice(),
    signup_id: "uuid" = new.signup_id,
    stored_at: "timestamptz" = new.stored_at,
});

bound_columns!(IdempotentRequest, |request| { key_hash: "bytea" = request.key_hash.as_slice() });

/// Keeps the keys of these forms; those of before `kept_since` are free again. The forms whose key nobody had.
pub async fn insert_all(
    tx: &mut Tx,
    now: Timestamp,
    kept_since: Timestamp,
    requests: &[(IdempotentRequest, Uuid)],
) -> sqlx::Result<HashSet<Uuid>> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO idempotent_request (key_hash, body_hash, signup_id, stored_at)
         SELECT key_hash, body_hash, signup_id, stored_at FROM request WHERE true
         ON CONFLICT (key_hash) DO NOTHING",
    );
    delete_old(tx, kept_since).await?;
    let new: Vec<NewRequest<'_>> = requests
        .iter()
        .map(|(request, signup_id)| NewRequest { request, signup_id: *signup_id, stored_at: now })
        .collect();
    rows::execute(tx, INSERT, &[], Table("request", &new)).await?;
    let mut first = HashSet::new();
    for (request, signup_id) in requests {
        let stored = find(tx, &request.key_hash, kept_since).await?;
        if stored.is_some_and(|stored| stored.signup_id == *signup_id) {
            first.insert(*signup_id);
        }
    }
    Ok(first)
}

/// Forgets these keys: what came with them was not taken.
pub async fn delete_all(tx: &mut Tx, requests: &[IdempotentRequest]) -> sqlx::Result<()> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM idempotent_request WHERE key_hash IN (SELECT key_hash FROM request)",
    );
    rows::execute(tx, DELETE, &[], Table("request", requests)).await.map(drop)
}

/// What a key's request became, if it was stored after `since`.
pub async fn find(
    tx: &mut Tx,
    key_hash: &[u8; 32],
    since: Timestamp,
) -> sqlx::Result<Option<StoredRequest>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT body_hash, signup_id FROM idempotent_request WHERE key_hash = $1 AND stored_at > $2"
    )
    .bind(key_hash.as_slice())
    .bind(since)
    .fetch_optional(conn)
    .await)
}

/// Forgets what was stored by then.
pub async fn delete_old(tx: &mut Tx, by: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM idempotent_request WHERE stored_at <= $1")
        .bind(by)
        .execute(conn)
        .await
        .map(drop))
}
