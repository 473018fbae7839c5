//! Which programs are told by webhooks what happens.

use uuid::Uuid;

use crate::domain::staff::webhook::{EventTypes, OVERLAP, OffReason};
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Sql, Tx, on};

/// One that is told.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Endpoint {
    /// Its key.
    pub webhook_endpoint_id: Uuid,
    /// Where it is told. Whoever knows it may be able to write there.
    pub url: String,
    /// What it is, in words.
    pub description: String,
    /// What it is told of.
    pub event_types: EventTypes,
    /// What its secret is derived from.
    pub salt: Vec<u8>,
    /// Since when.
    pub salt_at: Timestamp,
    /// What the secret before is derived from, while it signs too.
    pub salt_before: Option<Vec<u8>>,
    /// Until when it does.
    pub before_until: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// By whom, as the audit names them.
    pub created_by: String,
    /// Since when it is told nothing, if it is not.
    pub off_at: Option<Timestamp>,
    /// Why.
    pub off_reason: Option<OffReason>,
    /// How many tries failed since the last that did not.
    pub failures: i32,
    /// Since when they do.
    pub failing_since: Option<Timestamp>,
    /// Before when it is not tried again.
    pub next_at: Timestamp,
}

/// What those are read by that nobody deleted; `$after` says which of them.
macro_rules! endpoints {
    ($after:literal) => {
        concat!(
            "SELECT webhook_endpoint_id, url, description, event_types, salt, salt_at, salt_before, before_until,
                    created_at, created_by, off_at, off_reason, failures,
                    failing_since, next_at
             FROM webhook_endpoint WHERE deleted_at IS NULL ",
            $after
        )
    };
}

/// One that is to be added.
pub struct NewEndpoint<'a> {
    /// Its key, for its secret follows from that.
    pub webhook_endpoint_id: Uuid,
    /// Where it is told.
    pub url: &'a str,
    /// What it is, in words.
    pub description: &'a str,
    /// What it is told of.
    pub event_types: &'a EventTypes,
    /// What its secret is derived from.
    pub salt: &'a [u8],
    /// Who adds it.
    pub created_by: &'a str,
    /// The form that asks for it, which adds one.
    pub form_id: Uuid,
}

/// Adds one; `false` when its form added one already.
pub async fn insert(tx: &mut Tx, at: &Moment, new: &NewEndpoint<'_>) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO webhook_endpoint (webhook_endpoint_id, url, description, event_types, salt, salt_at,
                                       created_at, created_by, form_id, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $6)
         ON CONFLICT (form_id) DO NOTHING"
    )
    .bind(new.webhook_endpoint_id)
    .bind(new.url)
    .bind(new.description)
    .bind(new.event_types)
    .bind(new.salt)
    .bind(at.now)
    .bind(new.created_by)
    .bind(new.form_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// All of them, the oldest first.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Endpoint>> {
    on!(tx, |conn| sqlx::query_as(endpoints!("ORDER BY webhook_endpoint_id")).fetch_all(conn).await)
}

/// The one of a key.
pub async fn find(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<Option<Endpoint>> {
    on!(tx, |conn| sqlx::query_as(endpoints!("AND webhook_endpoint_id = $1"))
        .bind(webhook_endpoint_id)
        .fetch_optional(conn)
        .await)
}

/// The one of a key, held so that nobody changes it before this transaction ends.
pub async fn lock(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<Option<Endpoint>> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite: endpoints!("AND webhook_endpoint_id = $1"),
        postgres: endpoints!("AND webhook_endpoint_id = $1 FOR NO KEY UPDATE"),
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_as(sql)
        .bind(webhook_endpoint_id)
        .fetch_optional(conn)
        .await)
}

/// Which there are, and what each is told of. None of them goes before this transaction ends: what is written for it has
/// somewhere to stand.
pub async fn list_told(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, EventTypes)>> {
    const TOLD: Sql = Sql {
        sqlite: "SELECT webhook_endpoint_id, event_types FROM webhook_endpoint
                 WHERE deleted_at IS NULL ORDER BY webhook_endpoint_id",
        postgres: "SELECT webhook_endpoint_id, event_types FROM webhook_endpoint
                   WHERE deleted_at IS NULL ORDER BY webhook_endpoint_id FOR KEY SHARE",
    };
    on!(tx, TOLD, |conn, sql| sqlx::query_as(sql).fetch_all(conn).await)
}

/// Those that can be told something now, the one that waits longest first, and how many tries failed since the last that
/// did not. While mail is kept back, so is this: what a database that went back in time would tell is not so any more.
pub async fn list_due(tx: &mut Tx, now: Timestamp) -> sqlx::Result<Vec<(Uuid, i32)>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT e.webhook_endpoint_id, e.failures FROM webhook_endpoint e
         WHERE e.off_at IS NULL AND e.deleted_at IS NULL AND e.next_at <= $1
           AND NOT EXISTS (SELECT 1 FROM alarm WHERE subject = 'mail-paused')
           AND EXISTS (SELECT 1 FROM webhook_delivery d
                       WHERE d.webhook_endpoint_id = e.webhook_endpoint_id AND d.delivered_at IS NULL
                         AND d.given_up_at IS NULL AND d.next_at <= $1)
         ORDER BY e.next_at, e.webhook_endpoint_id"
    )
    .bind(now)
    .fetch_all(conn)
    .await
    })
}

/// Writes down that one took something.
pub async fn mark_working(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE webhook_endpoint SET failures = 0, failing_since = NULL
         WHERE webhook_endpoint_id = $1 AND failures > 0"
    )
    .bind(webhook_endpoint_id)
    .execute(conn)
    .await
    .map(drop))
}

/// Writes down that one took nothing, and is not tried again before a moment.
pub async fn mark_failing(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
    not_before: Timestamp,
) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "UPDATE webhook_endpoint
         SET failures = failures + 1, failing_since = COALESCE(failing_since, $2), next_at = $3
         WHERE webhook_endpoint_id = $1",
        )
        .bind(webhook_endpoint_id)
        .bind(now)
        .bind(not_before)
        .execute(conn)
        .await
        .map(drop)
    })
}

/// Lets one be tried again from now on, as if none had failed.
pub async fn mark_fresh(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE webhook_endpoint SET failures = 0, failing_since = NULL, next_at = $2
         WHERE webhook_endpoint_id = $1"
    )
    .bind(webhook_endpoint_id)
    .bind(now)
    .execute(conn)
    .await
    .map(drop))
}

/// Switches one off; `false` when it is off or gone.
pub async fn switch_off(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
    reason: OffReason,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE webhook_endpoint SET off_at = $2, off_reason = $3
         WHERE webhook_endpoint_id = $1 AND off_at IS NULL AND deleted_at IS NULL"
    )
    .bind(webhook_endpoint_id)
    .bind(now)
    .bind(reason)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Switches one on; `false` when it is on or gone.
pub async fn switch_on(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE webhook_endpoint SET off_at = NULL, off_reason = NULL
         WHERE webhook_endpoint_id = $1 AND off_at IS NOT NULL AND deleted_at IS NULL"
    )
    .bind(webhook_endpoint_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Gives one another secret in place of that of this moment, which goes on signing beside it for a while; `false` when
/// it was replaced meanwhile, or it is gone.
pub async fn rotate(
    tx: &mut Tx,
    now: Timestamp,
    (webhook_endpoint_id, salt_at): (Uuid, Timestamp),
    salt: &[u8],
) -> sqlx::Result<bool> {
    // Never the same moment, by which a second press is known.
    let since = now.max(salt_at.next());
    on!(tx, |conn| sqlx::query(
        "UPDATE webhook_endpoint SET salt_before = salt, before_until = $4, salt = $3, salt_at = $5
         WHERE webhook_endpoint_id = $1 AND salt_at = $2 AND deleted_at IS NULL"
    )
    .bind(webhook_endpoint_id)
    .bind(salt_at)
    .bind(salt)
    .bind(now.plus(OVERLAP))
    .bind(since)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Writes down that one is deleted: from now on it is hidden, and told nothing. `false` when it is gone.
pub async fn mark_deleted(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE webhook_endpoint SET deleted_at = $2 WHERE webhook_endpoint_id = $1 AND deleted_at IS NULL"
    )
    .bind(webhook_endpoint_id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// One that is deleted, and stands there while its events go.
pub async fn find_deleted(tx: &mut Tx) -> sqlx::Result<Option<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT webhook_endpoint_id FROM webhook_endpoint WHERE deleted_at IS NOT NULL
         ORDER BY deleted_at, webhook_endpoint_id LIMIT 1"
    )
    .fetch_optional(conn)
    .await)
}

/// Takes a deleted one away for good, with whatever it was told while it was being deleted.
pub async fn delete(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "DELETE FROM webhook_endpoint WHERE webhook_endpoint_id = $1 AND deleted_at IS NOT NULL"
    )
    .bind(webhook_endpoint_id)
    .execute(conn)
    .await
    .map(drop))
}
