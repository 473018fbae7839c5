//! Who did what: ids and field names, no personal values.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, on};
use crate::random::Moment;

/// Writes down one action.
///
/// # Errors
/// When the database does not take it.
pub async fn append(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    action: &str,
    detail: &Value,
) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO audit_entry (audit_entry_id, at, actor, action, detail)
         VALUES ($1, $2, $3, $4, $5)"
    )
    .bind(at.new_id())
    .bind(at.now)
    .bind(actor)
    .bind(action)
    .bind(Json(detail))
    .execute(conn)
    .await
    .map(drop))
}

/// One action, as it was written down.
#[derive(Debug, sqlx::FromRow)]
pub struct AuditEntry {
    /// The account or command that acted.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// Ids, field names and counts.
    pub detail: Json<Value>,
}

/// All actions of one name, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx, action: &str) -> sqlx::Result<Vec<AuditEntry>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT actor, action, detail FROM audit_entry WHERE action = $1 ORDER BY audit_entry_id"
    )
    .bind(action)
    .fetch_all(conn)
    .await)
}
