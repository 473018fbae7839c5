//! What other programs are to be told, and what came of it: an outbox of its own.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::staff::webhook::WebhookEvent;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Effect, Sql, Tx, on};

/// How long a claimed event is nobody else's: much longer than one try may take.
pub const LEASE: Duration = Duration::from_mins(1);

/// What one endpoint is to be told.
pub struct NewDelivery<'a> {
    /// The endpoint.
    pub webhook_endpoint_id: Uuid,
    /// What happened.
    pub event: WebhookEvent,
    /// To whom, where it happened to somebody.
    pub subscriber_id: Option<Uuid>,
    /// The very bytes that are sent and signed.
    pub payload: &'a str,
}

/// Writes down what an endpoint is to be told.
pub async fn insert(tx: &mut Tx, at: &Moment, new: &NewDelivery<'_>) -> sqlx::Result<()> {
    tx.after(Effect::RingWebhooks);
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO webhook_delivery (webhook_delivery_id, webhook_endpoint_id, event_type, subscriber_id, payload,
                                       created_at, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)"
    )
    .bind(at.new_id())
    .bind(new.webhook_endpoint_id)
    .bind(new.event.as_str())
    .bind(new.subscriber_id)
    .bind(new.payload)
    .bind(at.now)
    .execute(conn)
    .await
    .map(drop)
    })
}

/// An event that a worker holds until its lease ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ClaimedDelivery {
    /// Its key, which also names the message.
    pub webhook_delivery_id: Uuid,
    /// Who is told.
    pub webhook_endpoint_id: Uuid,
    /// What is sent.
    pub payload: String,
    /// Counts the claims; the fence against a worker that lost its lease.
    pub claims: i32,
    /// Counts the tries that failed.
    pub attempts: i32,
    /// Since when they fail.
    pub failing_since: Option<Timestamp>,
}

/// Takes up to `count` events of one endpoint: those first that are due longest, so that one that is never taken keeps no
/// other from its turn; and none of somebody of whom an earlier one is undelivered. On PostgreSQL workers step over each
/// other's rows, and leases run by the database's own clock, which replicas share; and it reads an array of what it takes, for
/// it would go through the whole table to join with as many rows as it expects a count that it does not know to be.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
    count: i64,
) -> sqlx::Result<Vec<ClaimedDelivery>> {
    const CLAIM: Sql = Sql {
        sqlite: "UPDATE webhook_delivery SET lease_until = $3, claims = claims + 1 WHERE seq IN
                     (SELECT d.seq FROM webhook_delivery d
                      WHERE d.webhook_endpoint_id = $1 AND d.delivered_at IS NULL AND d.given_up_at IS NULL
                        AND d.next_at <= $2
                        AND (d.lease_until IS NULL OR d.lease_until <= $2)
                        AND NOT EXISTS (SELECT 1 FROM webhook_delivery p
                                        WHERE p.webhook_endpoint_id = d.webhook_endpoint_id
                                          AND p.subscriber_id = d.subscriber_id AND p.seq < d.seq
                                          AND p.delivered_at IS NULL AND p.given_up_at IS NULL)
                        AND EXISTS (SELECT 1 FROM webhook_endpoint e
                                    WHERE e.webhook_endpoint_id = $1 AND e.off_at IS NULL
                                      AND e.deleted_at IS NULL AND e.next_at <= $2)
                        AND NOT EXISTS (SELECT 1 FROM alarm WHERE subject = 'mail-paused')
                      ORDER BY d.next_at, d.seq LIMIT $4)
                 RETURNING webhook_delivery_id, webhook_endpoint_id, payload, claims, attempts, failing_since",
        postgres: "UPDATE webhook_delivery SET lease_until = now() + ($3 - $2), claims = claims + 1
                   WHERE seq = ANY(ARRAY(
                      SELECT d.seq FROM webhook_delivery d
                      WHERE d.webhook_endpoint_id = $1 AND d.delivered_at IS NULL AND d.given_up_at IS NULL
                        AND d.next_at <= $2
                        AND (d.lease_until IS NULL OR d.lease_until <= now())
                        AND NOT EXISTS (SELECT 1 FROM webhook_delivery p
                                        WHERE p.webhook_endpoint_id = d.webhook_endpoint_id
                                          AND p.subscriber_id = d.subscriber_id AND p.seq < d.seq
                                          AND p.delivered_at IS NULL AND p.given_up_at IS NULL)
                        AND EXISTS (SELECT 1 FROM webhook_endpoint e
                                    WHERE e.webhook_endpoint_id = $1 AND e.off_at IS NULL
                                      AND e.deleted_at IS NULL AND e.next_at <= $2)
                        AND NOT EXISTS (SELECT 1 FROM alarm WHERE subject = 'mail-paused')
                      ORDER BY d.next_at, d.seq LIMIT $4 FOR UPDATE OF d SKIP LOCKED))
                   RETURNING webhook_delivery_id, webhook_endpoint_id, payload, claims, attempts, failing_since",
    };
    on!(tx, CLAIM, |conn, sql| sqlx::query_as(sql)
        .bind(webhook_endpoint_id)
        .bind(now)
        .bind(now.plus(LEASE))
        .bind(count)
        .fetch_all(conn)
        .await)
}

/// What one try came to.
pub struct TriedDelivery<'a> {
    /// Which claim of which event it was.
    pub claimed: &'a ClaimedDelivery,
    /// The status of the answer, if one came.
    pub status: Option<i32>,
    /// The beginning of the answer.
    pub answer: Option<&'a str>,
    /// Why none came.
    pub failure: Option<&'a str>,
    /// What becomes of it.
    pub next: NextTry,
}

/// What becomes of an event that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// It was taken.
    Taken,
    /// It is tried again then.
    At(Timestamp),
    /// It is tried no more, and kept.
    GivenUp,
}

/// Writes down what a try came to; `false` when another worker holds the event by now, whose word counts instead.
pub async fn mark_tried(
    tx: &mut Tx,
    now: Timestamp,
    tried: &TriedDelivery<'_>,
) -> sqlx::Result<bool> {
    let (taken, given_up) = (tried.next == NextTry::Taken, tried.next == NextTry::GivenUp);
    let next_at = if let NextTry::At(next_at) = tried.next { Some(next_at) } else { None };
    let failing_since = (!taken).then(|| tried.claimed.failing_since.unwrap_or(now));
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE webhook_delivery
         SET lease_until = NULL, tried_at = $3, status = $4, answer = $5, failure = $6, next_at = COALESCE($7, next_at),
             delivered_at = $8, failing_since = $9, given_up_at = $10, attempts = attempts + 1
         WHERE webhook_delivery_id = $1 AND claims = $2 AND delivered_at IS NULL"
    )
    .bind(tried.claimed.webhook_delivery_id)
    .bind(tried.claimed.claims)
    .bind(now)
    .bind(tried.status)
    .bind(tried.answer)
    .bind(tried.failure)
    .bind(next_at)
    .bind(taken.then_some(now))
    .bind(failing_since)
    .bind(given_up.then_some(now))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// Has one event sent again, whether it was taken before or not; `false` when there is none of that key for this endpoint.
pub async fn mark_waiting(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
    webhook_delivery_id: Uuid,
) -> sqlx::Result<bool> {
    tx.after(Effect::RingWebhooks);
    // Another number of claims: what a try that is under way comes to is not written over this.
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE webhook_delivery
         SET delivered_at = NULL, given_up_at = NULL, failing_since = NULL, attempts = 0, next_at = $3, lease_until = NULL,
             claims = claims + 1
         WHERE webhook_delivery_id = $2 AND webhook_endpoint_id = $1"
    )
    .bind(webhook_endpoint_id)
    .bind(webhook_delivery_id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// Whether this event would be told out of its order: it was taken or given up, and something later was to be told of the
/// same person.
pub async fn is_outlived(
    tx: &mut Tx,
    webhook_endpoint_id: Uuid,
    webhook_delivery_id: Uuid,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM webhook_delivery d JOIN webhook_delivery l
                            ON l.webhook_endpoint_id = d.webhook_endpoint_id AND l.seq > d.seq
                           AND l.subscriber_id = d.subscriber_id
                        WHERE d.webhook_delivery_id = $2 AND d.webhook_endpoint_id = $1
                          AND (d.delivered_at IS NOT NULL OR d.given_up_at IS NOT NULL))",
        )
        .bind(webhook_endpoint_id)
        .bind(webhook_delivery_id)
        .fetch_one(conn)
        .await
    })
}

/// Has all events of an endpoint tried again from now on that failed and were not given up; returns how many. What was never
/// tried is due already, and what is under way at this moment goes on.
pub async fn mark_all_waiting(
    tx: &mut Tx,
    now: Timestamp,
    webhook_endpoint_id: Uuid,
) -> sqlx::Result<u64> {
    tx.after(Effect::RingWebhooks);
    on!(tx, |conn| {
        sqlx::query(
            "UPDATE webhook_delivery SET failing_since = NULL, attempts = 0, next_at = $2
         WHERE webhook_endpoint_id = $1 AND delivered_at IS NULL AND given_up_at IS NULL AND attempts > 0",
        )
        .bind(webhook_endpoint_id)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected())
    })
}

/// Whether an endpoint is still to be told something.
pub async fn is_waiting(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM webhook_delivery
                        WHERE webhook_endpoint_id = $1 AND delivered_at IS NULL AND given_up_at IS NULL)"
    )
    .bind(webhook_endpoint_id)
    .fetch_one(conn)
    .await
    })
}

/// Deletes an event that was under way, if it is about somebody whose erasure waits behind it; whether it was.
pub async fn delete_if_erased(tx: &mut Tx, webhook_delivery_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "DELETE FROM webhook_delivery WHERE webhook_delivery_id = $1
            AND EXISTS (SELECT 1 FROM webhook_delivery l
                        WHERE l.webhook_endpoint_id = webhook_delivery.webhook_endpoint_id
                          AND l.subscriber_id = webhook_delivery.subscriber_id AND l.seq > webhook_delivery.seq
                          AND l.delivered_at IS NULL AND l.event_type = $2)"
    )
    .bind(webhook_delivery_id)
    .bind(WebhookEvent::SubscriberErased.as_str())
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// What an endpoint was or is to be told, as staff look at it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DeliveryRow {
    /// Its key, which also names the message.
    pub webhook_delivery_id: Uuid,
    /// What happened, by its name.
    pub event_type: String,
    /// When.
    pub created_at: Timestamp,
    /// When it is due, while it waits.
    pub next_at: Timestamp,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
    /// The status of the last answer.
    pub status: Option<i32>,
    /// Its beginning.
    pub answer: Option<String>,
    /// Why none came.
    pub failure: Option<String>,
    /// When it was taken.
    pub delivered_at: Option<Timestamp>,
    /// When it was given up.
    pub given_up_at: Option<Timestamp>,
}

/// The last `count` events of an endpoint, the newest first.
pub async fn list(
    tx: &mut Tx,
    webhook_endpoint_id: Uuid,
    count: i64,
) -> sqlx::Result<Vec<DeliveryRow>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT webhook_delivery_id, event_type, created_at, next_at, attempts, tried_at, status, answer, failure,
                delivered_at, given_up_at
         FROM webhook_delivery WHERE webhook_endpoint_id = $1 ORDER BY seq DESC LIMIT $2"
    )
    .bind(webhook_endpoint_id)
    .bind(count)
    .fetch_all(conn)
    .await
    })
}

/// How many events each endpoint is still to be told; those that took all are left out.
pub async fn count_waiting(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, i64)>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT webhook_endpoint_id, count(*) FROM webhook_delivery WHERE delivered_at IS NULL AND given_up_at IS NULL
         GROUP BY webhook_endpoint_id"
    )
    .fetch_all(conn)
    .await
    })
}

/// How many events one endpoint is still to be told.
pub async fn count_waiting_of(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<i64> {
    on!(tx, |conn| {
        sqlx::query_scalar(
            "SELECT count(*) FROM webhook_delivery
             WHERE webhook_endpoint_id = $1 AND delivered_at IS NULL AND given_up_at IS NULL",
        )
        .bind(webhook_endpoint_id)
        .fetch_one(conn)
        .await
    })
}

/// Deletes what is older than it is kept, a thousand at a time; returns how many went.
pub async fn delete_old(tx: &mut Tx, before: Timestamp) -> sqlx::Result<u64> {
    on!(tx, |conn| {
        sqlx::query(
        "DELETE FROM webhook_delivery WHERE seq IN
             (SELECT seq FROM webhook_delivery WHERE created_at < $1 ORDER BY created_at LIMIT 1000)"
    )
    .bind(before)
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
    })
}

/// Deletes up to a thousand events of an endpoint, whatever came of them; returns how many went.
pub async fn delete_some(tx: &mut Tx, webhook_endpoint_id: Uuid) -> sqlx::Result<u64> {
    on!(tx, |conn| {
        sqlx::query(
        "DELETE FROM webhook_delivery WHERE seq IN
             (SELECT seq FROM webhook_delivery WHERE webhook_endpoint_id = $1 ORDER BY seq LIMIT 1000)"
    )
    .bind(webhook_endpoint_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
    })
}
