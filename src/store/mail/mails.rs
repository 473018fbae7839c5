//! The outbox as staff look at it: what waits, what failed for good and why, what was sent.

use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::key::least_key;
use crate::domain::mail::bounce::BounceKind;
use crate::domain::mail::outbox::{DeliveryOutcome, MailKind, OutboxState};
use crate::domain::timestamp::Timestamp;
use crate::store::{Effect, Tx, on};

/// A mail, with whom it is for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Mail {
    /// Its key, which also names the message.
    pub outbox_id: Uuid,
    /// What it is.
    pub kind: MailKind,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried since it was queued last.
    pub attempts: i32,
    /// When it is due, while it waits.
    pub next_at: Timestamp,
    /// Until when a worker holds it, if one does.
    pub lease_until: Option<Timestamp>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it was sent or failed for good.
    pub finished_at: Option<Timestamp>,
    /// The last answer to it, or why it failed for good; names no address.
    pub reason: Option<String>,
    /// The address it goes to; none for an address of the settings.
    pub email: Option<String>,
    /// Who that is.
    pub address_key: Option<AddressKey>,
    /// The subscriber whom it is for, if it is one.
    pub subscriber_id: Option<Uuid>,
}

/// Which mails to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// Only those that stand there.
    pub state: Option<OutboxState>,
    /// Only those of this kind.
    pub kind: Option<MailKind>,
    /// Only those parked for this reason, in the very words.
    pub reason: Option<String>,
}

/// Where the page before ended: what waits is listed by when it is due, all else by its key alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailCursor {
    /// When the last one was due.
    pub next_at: Timestamp,
    /// Its key.
    pub outbox_id: Uuid,
}

const SELECT: &str =
    "SELECT o.outbox_id, o.kind, o.state, o.attempts, o.next_at, o.lease_until, o.created_at,
            o.finished_at, o.reason, COALESCE(s.email, u.email, f.email) AS email,
            COALESCE(s.address_key, u.address_key) AS address_key,
            COALESCE(s.subscriber_id, u.subscriber_id) AS subscriber_id
     FROM outbox o
     LEFT JOIN signup s ON s.signup_id = o.signup_id
     LEFT JOIN subscriber u ON u.subscriber_id = o.subscriber_id
     LEFT JOIN staff_link l ON l.staff_link_id = o.staff_link_id
     LEFT JOIN staff f ON f.staff_id = COALESCE(l.staff_id, o.staff_id)
     WHERE ";

/// Up to `count` mails after the page before: those that wait by when they are due, all others newest
/// first.
pub async fn list(
    tx: &mut Tx,
    filter: &MailFilter,
    after: Option<MailCursor>,
    count: i64,
) -> sqlx::Result<Vec<Mail>> {
    on!(tx, |conn| listing(filter, after, count).build_query_as().fetch_all(conn).await)
}

/// The statement of a list. States and common kinds stand in its text, by which the databases find the
/// index that holds just them.
fn listing<'a, DB: Database>(
    filter: &'a MailFilter,
    after: Option<MailCursor>,
    count: i64,
) -> QueryBuilder<DB>
where
    Timestamp: Type<DB> + Encode<'a, DB>,
    Uuid: Type<DB> + Encode<'a, DB>,
    MailKind: Type<DB> + Encode<'a, DB>,
    &'a str: Type<DB> + Encode<'a, DB>,
    i64: Type<DB> + Encode<'a, DB>,
{
    let mut query = QueryBuilder::new(SELECT);
    query.push(match filter.state {
        None => "TRUE",
        Some(OutboxState::Queued) => "o.state = 'queued'",
        Some(OutboxState::Sent) => "o.state = 'sent'",
        Some(OutboxState::Parked) => "o.state = 'parked'",
        Some(OutboxState::Dropped) => "o.state = 'dropped'",
    });
    if let Some(kind) = filter.kind {
        if !matches!(kind, MailKind::Confirm | MailKind::Receipt) {
            query.push(" AND o.kind NOT IN ('confirm', 'receipt')");
        }
        query.push(" AND o.kind = ").push_bind(kind);
    }
    if let Some(reason) = &filter.reason {
        query.push(" AND o.reason = ").push_bind(reason.as_str());
    }
    let by_due = filter.state == Some(OutboxState::Queued);
    if let Some(MailCursor { next_at, outbox_id }) = after {
        if by_due {
            query.push(" AND (o.next_at, o.outbox_id) > (").push_bind(next_at);
            query.push(", ").push_bind(outbox_id).push(")");
        } else {
            query.push(" AND o.outbox_id < ").push_bind(outbox_id);
        }
    }
    let order = if by_due { "o.next_at, o.outbox_id" } else { "o.outbox_id DESC" };
    query.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(count);
    query
}

/// One mail; `None` once it was purged or erased.
pub async fn find(tx: &mut Tx, outbox_id: Uuid) -> sqlx::Result<Option<Mail>> {
    on!(tx, |conn| {
        let mut query = QueryBuilder::new(SELECT);
        query.push("o.outbox_id = ").push_bind(outbox_id);
        query.build_query_as().fetch_optional(conn).await
    })
}

/// One try to hand a mail over.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Try {
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// In words that name no address.
    pub detail: String,
    /// When.
    pub finished_at: Timestamp,
}

/// The last `count` tries to hand a mail over, newest first.
pub async fn list_tries(tx: &mut Tx, outbox_id: Uuid, count: i64) -> sqlx::Result<Vec<Try>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT outcome, detail, finished_at FROM delivery WHERE outbox_id = $1
         ORDER BY finished_at DESC, delivery_id DESC LIMIT $2"
    )
    .bind(outbox_id)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// That a mail came back.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CameBack {
    /// What that says.
    pub kind: BounceKind,
    /// Why, where the server said so (RFC 3463).
    pub status: Option<String>,
    /// When it was heard.
    pub received_at: Timestamp,
}

/// How a mail came back, at most once of each kind, in their order.
pub async fn list_bounces(tx: &mut Tx, outbox_id: Uuid) -> sqlx::Result<Vec<CameBack>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT kind, status, received_at FROM bounce WHERE outbox_id = $1
         ORDER BY received_at, bounce_id"
    )
    .bind(outbox_id)
    .fetch_all(conn)
    .await)
}

/// How many mails stand where, each counted up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MailCounts {
    /// Wait for their time or their worker.
    pub queued: i64,
    /// Failed for good, with a reason.
    pub parked: i64,
    /// Not to be sent any more.
    pub dropped: i64,
    /// Sent, of those decided since a moment.
    pub sent: i64,
}

/// Counts mails, of each state up to `most`, for a page should not wait for the last of a million; those
/// sent among the ones decided since a moment.
pub async fn count(tx: &mut Tx, since: Timestamp, most: i64) -> sqlx::Result<MailCounts> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'queued' LIMIT $2) AS q) AS queued,
                (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'parked' LIMIT $2) AS p) AS parked,
                (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'dropped' LIMIT $2) AS d) AS dropped,
                (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE outbox_id >= $1 AND state = 'sent'
                                       LIMIT $2) AS s) AS sent"
    )
    .bind(least_key(since))
    .bind(most)
    .fetch_one(conn)
    .await
    })
}

/// Why mails are parked, and how many for each reason, most first; at most `count` reasons.
pub async fn count_reasons(tx: &mut Tx, count: i64) -> sqlx::Result<Vec<(String, i64)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT reason, count(*) FROM outbox WHERE state = 'parked'
         GROUP BY reason ORDER BY 2 DESC, 1 LIMIT $1"
    )
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// The reason for which most mails are parked of those decided since a moment, and how many.
pub async fn find_commonest_reason(
    tx: &mut Tx,
    since: Timestamp,
) -> sqlx::Result<Option<(String, i64)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT reason, count(*) FROM outbox WHERE state = 'parked' AND outbox_id >= $1
         GROUP BY reason ORDER BY 2 DESC, 1 LIMIT 1"
    )
    .bind(least_key(since))
    .fetch_optional(conn)
    .await)
}

/// How many confirmation mails were sent since a moment, counted up to `most`.
pub async fn count_confirmations_sent(
    tx: &mut Tx,
    since: Timestamp,
    most: i64,
) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE kind = 'confirm' AND state = 'sent'
                               AND finished_at > $1 LIMIT $2) AS sent"
    )
    .bind(since)
    .bind(most)
    .fetch_one(conn)
    .await)
}

/// How many mails were parked for a reason by a moment.
pub async fn count_parked_for(tx: &mut Tx, reason: &str, by: Timestamp) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT count(*) FROM outbox WHERE state = 'parked' AND reason = $1 AND finished_at <= $2"
    )
    .bind(reason)
    .bind(by)
    .fetch_one(conn)
    .await)
}

/// Queues a parked mail anew; `false` when it is not parked any more. Its key stays, and with it its
/// Message-ID. Of two at once, one does.
pub async fn mark_queued(tx: &mut Tx, now: Timestamp, outbox_id: Uuid) -> sqlx::Result<bool> {
    tx.after(Effect::RingMail);
    on!(tx, |conn| sqlx::query(
        "UPDATE outbox SET state = 'queued', next_at = $2, lease_until = NULL, finished_at = NULL,
             reason = NULL, attempts = 0
         WHERE outbox_id = $1 AND state = 'parked'"
    )
    .bind(outbox_id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Queues all mails anew that were parked for a reason by a moment; returns how many.
pub async fn mark_all_queued(
    tx: &mut Tx,
    now: Timestamp,
    reason: &str,
    by: Timestamp,
) -> sqlx::Result<u64> {
    tx.after(Effect::RingMail);
    on!(tx, |conn| sqlx::query(
        "UPDATE outbox SET state = 'queued', next_at = $3, lease_until = NULL, finished_at = NULL,
             reason = NULL, attempts = 0
         WHERE state = 'parked' AND reason = $1 AND finished_at <= $2"
    )
    .bind(reason)
    .bind(by)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))
}
