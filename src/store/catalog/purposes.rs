//! Purposes that people can agree to, and the operator's own among them.

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::random::Moment;
use crate::store::{Effect, Tx, on};

/// A purpose of the operator's own: neither the privacy policy nor a newsletter.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnPurpose {
    /// Its code.
    pub code: Purpose,
    /// Its name, as readers see it.
    pub name: String,
    /// The exact words beside its box.
    pub words: String,
}

/// Adds a purpose of the operator's own; `false` when the code is taken.
pub async fn insert(tx: &mut Tx, at: &Moment, purpose: &OwnPurpose) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "INSERT INTO purpose (code, name, words, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (code) DO NOTHING"
    )
    .bind(&purpose.code)
    .bind(&purpose.name)
    .bind(&purpose.words)
    .bind(at.now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// The operator's own purposes, oldest first.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<OwnPurpose>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT code, name, words FROM purpose WHERE words IS NOT NULL ORDER BY created_at, code"
    )
    .fetch_all(conn)
    .await)
}

/// The operator's own purpose of this code.
pub async fn find(tx: &mut Tx, code: &Purpose) -> sqlx::Result<Option<OwnPurpose>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT code, name, words FROM purpose WHERE code = $1 AND words IS NOT NULL"
    )
    .bind(code)
    .fetch_optional(conn)
    .await)
}

/// Changes the name or the words of one of the operator's own; what is `None` stays. `false` when there
/// is none of that code.
pub async fn update(
    tx: &mut Tx,
    code: &Purpose,
    name: Option<&str>,
    words: Option<&str>,
) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE purpose SET name = COALESCE($2, name), words = COALESCE($3, words)
         WHERE code = $1 AND words IS NOT NULL"
    )
    .bind(code)
    .bind(name)
    .bind(words)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Names and words one of the operator's own anew; `false` when there is none of that code, or it is not
/// named and worded as `seen` any more.
pub async fn reword(tx: &mut Tx, seen: &OwnPurpose, name: &str, words: &str) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "UPDATE purpose SET name = $4, words = $5 WHERE code = $1 AND name = $2 AND words = $3"
    )
    .bind(&seen.code)
    .bind(&seen.name)
    .bind(&seen.words)
    .bind(name)
    .bind(words)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Lets a report's form offer one of the operator's own, after those it offers already; `false` when it
/// is among them, or there is none of that code.
pub async fn offer(tx: &mut Tx, code: &Purpose, report_id: Uuid) -> sqlx::Result<bool> {
    tx.after(Effect::RefreshCatalog);
    on!(tx, |conn| sqlx::query(
        "INSERT INTO report_purpose (report_id, purpose, position)
         SELECT $2, code, (SELECT COALESCE(MAX(position) + 1, 0) FROM report_purpose
                           WHERE report_id = $2)
         FROM purpose WHERE code = $1 AND words IS NOT NULL
         ON CONFLICT (report_id, purpose) DO NOTHING"
    )
    .bind(code)
    .bind(report_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Whether anybody could agree to this purpose.
pub async fn exists(tx: &mut Tx, purpose: &Purpose) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM purpose WHERE code = $1)")
        .bind(purpose)
        .fetch_one(conn)
        .await)
}

/// Every purpose with the name it has, the privacy policy first, then by age.
pub async fn list_named(tx: &mut Tx) -> sqlx::Result<Vec<(Purpose, Option<String>)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT u.code, COALESCE(l.name, u.name) FROM purpose u
         LEFT JOIN newsletter l ON l.newsletter_id = u.newsletter_id
         ORDER BY CASE u.code WHEN 'privacy-policy' THEN 0 ELSE 1 END, u.created_at, u.code"
    )
    .fetch_all(conn)
    .await)
}
