//! What many events share, kept once and named by its hash.

use std::collections::HashMap;

use assent_ledger::digest::{hex, sha256};

use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// What an event was given in; one row of a batch.
#[derive(Debug)]
pub struct NewContext {
    sha256: [u8; 32],
    name: String,
    body: String,
}

impl NewContext {
    /// Of this body, RFC 8785 text.
    #[must_use]
    pub fn new(body: String) -> Self {
        let sha256 = sha256(body.as_bytes());
        Self { sha256, name: hex(&sha256), body }
    }

    /// The hash of its body.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The same as bodies of events name it, lower-case hex.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

bound_columns!(&NewContext, |context| {
    sha256: "bytea" = context.sha256.as_slice(),
    body: "text" = context.body.as_str(),
});

/// Keeps those that are not kept yet, each once.
pub async fn insert_all(
    tx: &mut Tx,
    contexts: impl Iterator<Item = &NewContext>,
) -> sqlx::Result<()> {
    // SQLite reads the ON of a conflict as that of a join unless a WHERE comes before it.
    const INSERT: Sql = Sql::same(
        "INSERT INTO consent_context (sha256, body)
         SELECT sha256, body FROM context WHERE true ORDER BY sha256
         ON CONFLICT (sha256) DO NOTHING",
    );
    let contexts: HashMap<&str, &NewContext> =
        contexts.map(|context| (context.name(), context)).collect();
    let contexts: Vec<&NewContext> = contexts.into_values().collect();
    rows::execute(tx, INSERT, &[], Table("context", &contexts)).await.map(drop)
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
