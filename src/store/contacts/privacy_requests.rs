//! Complaints about data protection and requests of people by their rights: the register.

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{RequestChannel, RequestKind, RequestOutcome};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::request_times::Answering;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Sql, Tx, on};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PrivacyRequest {
    /// Its key.
    pub privacy_request_id: Uuid,
    /// What whoever asked knows it by.
    pub reference: RequestReference,
    /// What they want.
    pub kind: RequestKind,
    /// How it reached us.
    pub channel: RequestChannel,
    /// Who they are, where they said so.
    pub name: Option<String>,
    /// Where they are answered, where that is by email.
    pub email: Option<EmailAddress>,
    /// Who that is; this alone stays once they were erased and the request is answered.
    pub address_key: Option<AddressKey>,
    /// What says that the address is the one that was written down.
    pub mac: Option<Vec<u8>>,
    /// What they wrote, or what staff noted of it.
    pub words: Option<String>,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Until when it is to be acknowledged, where it is a complaint.
    pub acknowledge_by: Option<Timestamp>,
    /// When the first letter left that did not come back.
    pub acknowledged_at: Option<Timestamp>,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
    /// When they were told that it takes longer.
    pub extended_at: Option<Timestamp>,
    /// Why it does.
    pub extension_reason: Option<String>,
    /// Since when it waits for proof of who they are.
    pub paused_at: Option<Timestamp>,
    /// On how many days it waited for that before.
    pub paused_days: i64,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<RequestOutcome>,
    /// What was done.
    pub outcome_note: Option<String>,
    /// When all else that was held of them was erased.
    pub erased_at: Option<Timestamp>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// By whom, as the audit names them.
    pub created_by: String,
}

impl PrivacyRequest {
    /// What the time for its answer depends on.
    #[must_use]
    pub fn answering(&self) -> Answering {
        Answering {
            received_at: self.received_at,
            is_extended: self.extended_at.is_some(),
            paused_days: self.paused_days,
        }
    }

    /// Whether something about it should have been done by now.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let waits_for_word =
            self.acknowledged_at.is_none() && self.acknowledge_by.is_some_and(|by| by <= now);
        self.closed_at.is_none()
            && (waits_for_word || (self.paused_at.is_none() && self.due_at <= now))
    }
}

/// When the first letter about a request, the row `r`, left and did not come back.
macro_rules! acknowledged_at {
    () => {
        "(SELECT min(CASE WHEN l.way = 'post' THEN l.written_at ELSE o.finished_at END)
          FROM request_letter l
          LEFT JOIN outbox o ON o.outbox_id = l.outbox_id AND o.state = 'sent'
               AND NOT EXISTS (SELECT 1 FROM bounce b WHERE b.outbox_id = o.outbox_id AND b.kind = 'hard')
          WHERE l.privacy_request_id = r.privacy_request_id)"
    };
}

/// What requests are read by; `$which` says which of them.
macro_rules! requests {
    ($which:literal) => {
        concat!(
            "SELECT r.privacy_request_id, r.reference, r.kind, r.channel, r.name, r.email, r.address_key, r.mac,
                    r.words, r.received_at, r.acknowledge_by, ",
            acknowledged_at!(),
            " AS acknowledged_at, r.due_at, r.extended_at, r.extension_reason, r.paused_at, r.paused_days,
                    r.closed_at, r.outcome, r.outcome_note, r.erased_at, r.created_at, r.created_by
             FROM privacy_request r WHERE ",
            $which
        )
    };
}

/// One that is to be written down.
pub struct NewPrivacyRequest<'a> {
    /// Its key, by which its letters know it.
    pub privacy_request_id: Uuid,
    /// What whoever asked knows it by.
    pub reference: &'a RequestReference,
    /// What they want.
    pub kind: RequestKind,
    /// How it reached us.
    pub channel: RequestChannel,
    /// Who they are.
    pub name: Option<&'a str>,
    /// Where they are answered, who that is, and what says that it is so.
    pub address: Option<(&'a EmailAddress, &'a AddressKey, &'a [u8])>,
    /// What they wrote, or what staff noted of it.
    pub words: Option<&'a str>,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: Option<Timestamp>,
    /// Until when it is to be answered.
    pub due_at: Timestamp,
    /// Who writes it down.
    pub created_by: &'a str,
}

/// Writes one down; `false` when there is one of its reference.
pub async fn insert(tx: &mut Tx, at: &Moment, new: &NewPrivacyRequest<'_>) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO privacy_request (privacy_request_id, reference, kind, channel, name, email, address_key, mac,
                                          words, received_at, acknowledge_by, due_at, created_at, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (reference) DO NOTHING",
        )
        .bind(new.privacy_request_id)
        .bind(new.reference)
        .bind(new.kind)
        .bind(new.channel)
        .bind(new.name)
        .bind(new.address.map(|(email, ..)| email))
        .bind(new.address.map(|(_, key, _)| key))
        .bind(new.address.map(|(.., mac)| mac))
        .bind(new.words)
        .bind(new.received_at)
        .bind(new.acknowledge_by)
        .bind(new.due_at)
        .bind(at.now)
        .bind(new.created_by)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1)
    })
}

/// The one of a key.
pub async fn find(tx: &mut Tx, privacy_request_id: Uuid) -> sqlx::Result<Option<PrivacyRequest>> {
    on!(tx, |conn| sqlx::query_as(requests!("r.privacy_request_id = $1"))
        .bind(privacy_request_id)
        .fetch_optional(conn)
        .await)
}

/// The one of a key, held so that nobody changes it before this transaction ends.
pub async fn lock(tx: &mut Tx, privacy_request_id: Uuid) -> sqlx::Result<Option<PrivacyRequest>> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite: requests!("r.privacy_request_id = $1"),
        postgres: requests!("r.privacy_request_id = $1 FOR NO KEY UPDATE OF r"),
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_as(sql)
        .bind(privacy_request_id)
        .fetch_optional(conn)
        .await)
}

/// The key of the one of a reference.
pub async fn find_id(tx: &mut Tx, reference: &RequestReference) -> sqlx::Result<Option<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT privacy_request_id FROM privacy_request WHERE reference = $1"
    )
    .bind(reference)
    .fetch_optional(conn)
    .await)
}

/// Where a page of the register ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPosition {
    /// When the last one was due, or closed.
    pub at: Timestamp,
    /// Its key.
    pub privacy_request_id: Uuid,
}

/// Up to `count` that are open behind this one, those first that are due first.
pub async fn list_open(
    tx: &mut Tx,
    after: Option<RequestPosition>,
    count: i64,
) -> sqlx::Result<Vec<PrivacyRequest>> {
    let after = after
        .unwrap_or(RequestPosition { at: Timestamp::EARLIEST, privacy_request_id: Uuid::nil() });
    on!(tx, |conn| sqlx::query_as(requests!(
        "r.closed_at IS NULL AND (r.due_at, r.privacy_request_id) > ($1, $2)
         ORDER BY r.due_at, r.privacy_request_id LIMIT $3"
    ))
    .bind(after.at)
    .bind(after.privacy_request_id)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// Up to `count` that are closed behind this one, those first that were closed last.
pub async fn list_closed(
    tx: &mut Tx,
    after: Option<RequestPosition>,
    count: i64,
) -> sqlx::Result<Vec<PrivacyRequest>> {
    let after =
        after.unwrap_or(RequestPosition { at: Timestamp::LATEST, privacy_request_id: Uuid::max() });
    on!(tx, |conn| sqlx::query_as(requests!(
        "r.closed_at IS NOT NULL AND (r.closed_at, r.privacy_request_id) < ($1, $2)
         ORDER BY r.closed_at DESC, r.privacy_request_id DESC LIMIT $3"
    ))
    .bind(after.at)
    .bind(after.privacy_request_id)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// Those of an address, the newest first: more than a hundred are no person's.
pub async fn list_of(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<Vec<PrivacyRequest>> {
    on!(tx, |conn| sqlx::query_as(requests!(
        "r.address_key = $1 ORDER BY r.received_at DESC, r.privacy_request_id DESC LIMIT 100"
    ))
    .bind(address_key)
    .fetch_all(conn)
    .await)
}

/// How many are overdue, counted up to `most` in the order in which they are due, and since when the first of these is. As
/// [`PrivacyRequest::is_overdue`] says it of one.
pub async fn find_overdue(
    tx: &mut Tx,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<(i64, Option<Timestamp>)> {
    const OVERDUE: &str = concat!(
        "SELECT count(*), min(late_since) FROM (
             SELECT CASE WHEN r.paused_at IS NULL AND r.due_at <= $1 THEN r.due_at ELSE r.acknowledge_by END AS late_since
             FROM privacy_request r
             WHERE r.closed_at IS NULL AND ((r.paused_at IS NULL AND r.due_at <= $1)
                   OR (r.acknowledge_by <= $1 AND ",
        acknowledged_at!(),
        " IS NULL)) ORDER BY r.due_at LIMIT $2) AS late"
    );
    on!(tx, |conn| sqlx::query_as(OVERDUE).bind(now).bind(most).fetch_one(conn).await)
}

/// It waits for proof of who they are; `false` when it did already, or is closed.
pub async fn mark_paused(tx: &mut Tx, now: Timestamp, id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE privacy_request SET paused_at = $2
         WHERE privacy_request_id = $1 AND paused_at IS NULL AND closed_at IS NULL"
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// It waited on so many days, and is due then; `false` when it does not wait.
pub async fn mark_resumed(
    tx: &mut Tx,
    id: Uuid,
    (paused_days, due_at): (i64, Timestamp),
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE privacy_request SET paused_at = NULL, paused_days = $2, due_at = $3
         WHERE privacy_request_id = $1 AND paused_at IS NOT NULL AND closed_at IS NULL"
    )
    .bind(id)
    .bind(paused_days)
    .bind(due_at)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// It takes longer for this reason, and is due then; `false` when it did already.
pub async fn mark_extended(
    tx: &mut Tx,
    now: Timestamp,
    id: Uuid,
    (reason, due_at): (&str, Timestamp),
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE privacy_request SET extended_at = $2, extension_reason = $3, due_at = $4
         WHERE privacy_request_id = $1 AND extended_at IS NULL AND closed_at IS NULL"
    )
    .bind(id)
    .bind(now)
    .bind(reason)
    .bind(due_at)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// It ended so; `false` when it was closed before.
pub async fn mark_closed(
    tx: &mut Tx,
    now: Timestamp,
    id: Uuid,
    (outcome, note): (RequestOutcome, &str),
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE privacy_request SET closed_at = $2, outcome = $3, outcome_note = $4, paused_at = NULL
         WHERE privacy_request_id = $1 AND closed_at IS NULL"
    )
    .bind(id)
    .bind(now)
    .bind(outcome)
    .bind(note)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}
