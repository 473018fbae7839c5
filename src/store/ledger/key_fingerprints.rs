//! Which address secret a database was written under, which key signs its ledger, and which file store it is used with.

use crate::store::{Tx, on};

/// Under which name the file store stands.
pub const FILES: &str = "files";

/// Stores the fingerprint if none is stored yet, and returns the one that holds.
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

/// The fingerprint that holds, if one is stored.
pub async fn find(tx: &mut Tx, name: &str) -> sqlx::Result<Option<String>> {
    on!(tx, |conn| {
        sqlx::query_scalar("SELECT fingerprint FROM key_fingerprint WHERE name = $1")
            .bind(name)
            .fetch_optional(conn)
            .await
    })
}

/// Replaces the fingerprint of a key that may change.
pub async fn replace(tx: &mut Tx, name: &str, fingerprint: &str) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("UPDATE key_fingerprint SET fingerprint = $2 WHERE name = $1")
        .bind(name)
        .bind(fingerprint)
        .execute(conn)
        .await
        .map(drop))
}
