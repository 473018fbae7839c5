//! What many events share, kept once and named by its hash.

use serde::Serialize;

use crate::store::{Sql, Tx, on};

/// What an event was given in; one row of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NewContext {
    /// Lower-case hex SHA-256 of the body.
    pub sha256: String,
    /// RFC 8785 text.
    pub body: String,
}

/// Keeps those that are not kept yet, each once.
pub async fn insert_all(tx: &mut Tx, contexts: &[&NewContext]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql {
        // SQLite reads the ON of a conflict as that of a join unless a WHERE comes before it.
        sqlite: "INSERT INTO consent_context (sha256, body)
                 SELECT unhex(value->>'sha256'), value->>'body' FROM json_each($1) WHERE true
                 ON CONFLICT (sha256) DO NOTHING",
        postgres: "INSERT INTO consent_context (sha256, body)
                   SELECT decode(sha256, 'hex'), body
                   FROM json_to_recordset(CAST($1 AS json)) AS context (sha256 text, body text)
                   ORDER BY sha256
                   ON CONFLICT (sha256) DO NOTHING",
    };
    if contexts.is_empty() {
        return Ok(());
    }
    let contexts = crate::store::batch(contexts)?;
    on!(tx, INSERT, |conn, sql| sqlx::query(sql).bind(contexts).execute(conn).await.map(drop))
}

/// A kept context.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredContext {
    /// SHA-256 of the body, 32 bytes.
    pub sha256: Vec<u8>,
    /// RFC 8785 text.
    pub body: String,
}

/// All of them; they are about as many as there are forms, words and policies together.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<StoredContext>> {
    on!(tx, |conn| sqlx::query_as("SELECT sha256, body FROM consent_context ORDER BY sha256")
        .fetch_all(conn)
        .await)
}
