//! Which address secret a database was written under.

use super::{Tx, on};

/// Stores the fingerprint if none is stored yet, and returns the one that holds.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_or_find(tx: &mut Tx, name: &str, fingerprint: &str) -> sqlx::Result<String> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO key_fingerprint (name, fingerprint) VALUES ($1, $2)
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(fingerprint)
        .execute(&mut *conn)
        .await?;
        sqlx::query_scalar("SELECT fingerprint FROM key_fingerprint WHERE name = $1")
            .bind(name)
            .fetch_one(conn)
            .await
    })
}
