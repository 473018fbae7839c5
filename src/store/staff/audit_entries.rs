//! Who did what: ids and field names, no personal values.

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use crate::domain::key::{least_key, least_key_after};
use crate::domain::staff::action::Action;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Tx, on};

/// What somebody did, and what is told of it: ids, field names and counts.
#[derive(Clone, Copy)]
pub struct Done<'a> {
    action: Action,
    detail: &'a Value,
}

impl Action {
    /// This was done, in detail.
    #[must_use]
    pub fn with(self, detail: &Value) -> Done<'_> {
        Done { action: self, detail }
    }
}

/// Writes down one action. Debug builds check that the detail names what it was done to, as its words want.
pub async fn append(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    Done { action, detail }: Done<'_>,
) -> sqlx::Result<()> {
    debug_assert!(
        action.about().is_none_or(|field| !detail[field].is_null()),
        "{action:?} without what it was done to: {detail}"
    );
    on!(tx, |conn| sqlx::query(
        "INSERT INTO audit_entry (audit_entry_id, at, actor, action, detail)
         VALUES ($1, $2, $3, $4, $5)"
    )
    .bind(at.new_id())
    .bind(at.now)
    .bind(actor)
    .bind(action.as_str())
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
pub async fn list(tx: &mut Tx, action: &str) -> sqlx::Result<Vec<AuditEntry>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT actor, action, detail FROM audit_entry WHERE action = $1 ORDER BY audit_entry_id"
    )
    .bind(action)
    .fetch_all(conn)
    .await)
}

/// Which actions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those of this account or command.
    pub actor: Option<String>,
    /// Only those of this name.
    pub action: Option<String>,
    /// Only those at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those before this moment.
    pub until: Option<Timestamp>,
}

/// One action and when it was.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DatedEntry {
    /// Its key.
    pub audit_entry_id: Uuid,
    /// When.
    pub at: Timestamp,
    /// The account or command that acted.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// Ids, field names and counts.
    pub detail: Json<Value>,
}

/// Up to `count` actions before the one of this key, newest first.
pub async fn list_newest(
    tx: &mut Tx,
    filter: &AuditFilter,
    before: Option<Uuid>,
    count: i64,
) -> sqlx::Result<Vec<DatedEntry>> {
    on!(tx, |conn| newest(filter, before, count).build_query_as().fetch_all(conn).await)
}

fn newest<'a, DB: Database>(
    filter: &'a AuditFilter,
    before: Option<Uuid>,
    count: i64,
) -> QueryBuilder<DB>
where
    Uuid: Type<DB> + Encode<'a, DB>,
    Timestamp: Type<DB> + Encode<'a, DB>,
    &'a str: Type<DB> + Encode<'a, DB>,
    i64: Type<DB> + Encode<'a, DB>,
{
    let mut query = QueryBuilder::new(
        "SELECT audit_entry_id, at, actor, action, detail FROM audit_entry WHERE TRUE",
    );
    if let Some(actor) = &filter.actor {
        query.push(" AND actor = ").push_bind(actor.as_str());
    }
    if let Some(action) = &filter.action {
        query.push(" AND action = ").push_bind(action.as_str());
    }
    // Keys sort by time, and no index is by time itself.
    // They tell whole milliseconds: the rest is asked of the time.
    if let Some(since) = filter.since {
        query.push(" AND audit_entry_id >= ").push_bind(least_key(since));
        query.push(" AND at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" AND audit_entry_id < ").push_bind(least_key_after(until));
        query.push(" AND at < ").push_bind(until);
    }
    if let Some(before) = before {
        query.push(" AND audit_entry_id < ").push_bind(before);
    }
    query.push(" ORDER BY audit_entry_id DESC LIMIT ").push_bind(count);
    query
}

/// The names of all actions that ever were, in their order. It looks each up in the index by the one before.
pub async fn list_actions(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    on!(tx, |conn| sqlx::query_scalar(
        "WITH RECURSIVE name (action) AS (
             SELECT min(action) FROM audit_entry
             UNION ALL
             SELECT (SELECT min(e.action) FROM audit_entry e WHERE e.action > name.action)
             FROM name WHERE name.action IS NOT NULL)
         SELECT action FROM name WHERE action IS NOT NULL ORDER BY action"
    )
    .fetch_all(conn)
    .await)
}

/// Everyone who ever acted, in their order.
pub async fn list_actors(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    on!(tx, |conn| sqlx::query_scalar(
        "WITH RECURSIVE name (actor) AS (
             SELECT min(actor) FROM audit_entry
             UNION ALL
             SELECT (SELECT min(e.actor) FROM audit_entry e WHERE e.actor > name.actor)
             FROM name WHERE name.actor IS NOT NULL)
         SELECT actor FROM name WHERE actor IS NOT NULL ORDER BY actor"
    )
    .fetch_all(conn)
    .await)
}
