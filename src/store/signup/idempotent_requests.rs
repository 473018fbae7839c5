//! Forms that may be sent again, and what they became.

use std::collections::HashSet;

use uuid::Uuid;

use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Now, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// What a key's request became.
#[derive(sqlx::FromRow)]
pub struct StoredRequest {
    /// The keyed hash of the body that came with it.
    pub body_hash: Vec<u8>,
    /// The form. It need not be there: a form that a program filled in never was, and one may be deleted.
    pub signup_id: Uuid,
    /// Whose form it was; none for that of newsletters alone.
    pub report: Option<Slug>,
    /// When it was taken.
    pub stored_at: Timestamp,
}

/// A request whose form is taken.
pub struct NewRequest {
    /// By what it is known again.
    pub request: IdempotentRequest,
    /// The form that it becomes.
    pub signup_id: Uuid,
    /// Whose form it is.
    pub report_id: Option<Uuid>,
}

bound_columns!(NewRequest, |new| {
    key_hash: "bytea" = new.request.key_hash.as_slice(),
    body_hash: "bytea" = new.request.body_hash.as_slice(),
    signup_id: "uuid" = new.signup_id,
    report_id: "uuid" = new.report_id,
});

bound_columns!(IdempotentRequest, |request| { key_hash: "bytea" = request.key_hash.as_slice() });

/// Keeps the keys of these forms; those of before `kept_since` are free again. The forms whose key nobody had.
pub async fn insert_all(
    tx: &mut Tx,
    now: Timestamp,
    kept_since: Timestamp,
    requests: &[NewRequest],
) -> sqlx::Result<HashSet<Uuid>> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO idempotent_request (key_hash, body_hash, signup_id, report_id, stored_at)
         SELECT r.key_hash, r.body_hash, r.signup_id, r.report_id, given.now FROM request r CROSS JOIN given WHERE true
         ON CONFLICT (key_hash) DO NOTHING
         RETURNING signup_id",
    );
    delete_old(tx, kept_since).await?;
    let given = Table("given", &[Now(now)]);
    let first: Vec<(Uuid,)> =
        rows::fetch_all(tx, INSERT, &[&given], Table("request", requests)).await?;
    Ok(first.into_iter().map(|(signup_id,)| signup_id).collect())
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
        "SELECT i.body_hash, i.signup_id, r.slug AS report, i.stored_at
         FROM idempotent_request i LEFT JOIN report r ON r.report_id = i.report_id
         WHERE i.key_hash = $1 AND i.stored_at > $2"
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
