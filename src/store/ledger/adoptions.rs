//! Rows that earlier versions wrote without a MAC.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::RowMac;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::erasures::EmptiedEvent;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// An event without a MAC.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct UnmarkedEvent {
    /// Its key.
    pub event_id: Uuid,
    /// Whose order it stands in.
    pub subject_id: Uuid,
    /// Its place in that order.
    pub seq: i64,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// Its leaf.
    pub leaf: String,
}

/// A consent without a MAC.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct UnmarkedConsent {
    /// Whose.
    pub subscriber_id: Uuid,
    /// Their address.
    pub address_key: AddressKey,
    /// For what.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: EventType,
    /// The event that made it so.
    pub event_id: Uuid,
    /// That event's place in the order of the subscriber's.
    pub seq: i64,
    /// The hash of the words it rests on.
    pub notice_sha256: String,
    /// The label of the policy it rests on.
    pub policy_label: String,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// The page of its form.
    pub source: String,
    /// When the form was sent.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
}

/// Up to `count` leaves from the place `from` on, in the order of the tree: each with its place.
pub async fn list_leaves(tx: &mut Tx, from: i64, count: i64) -> sqlx::Result<Vec<(i64, String)>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT leaf_index, leaf FROM consent_event WHERE leaf_index >= $1 AND leaf_index < $1 + $2
         UNION ALL
         SELECT leaf_index, leaf FROM ledger_record WHERE leaf_index >= $1 AND leaf_index < $1 + $2
         ORDER BY leaf_index"
    )
    .bind(from)
    .bind(count)
    .fetch_all(conn)
    .await
    })
}

/// Up to `count` events without a MAC whose places are among the first `size`, in the order of their keys after this
/// one.
pub async fn list_events(
    tx: &mut Tx,
    size: i64,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<UnmarkedEvent>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT event_id, subject_id, seq, type AS event_type, purpose, leaf
         FROM consent_event WHERE mac IS NULL AND leaf_index < $1 AND event_id > $2
         ORDER BY event_id LIMIT $3"
    )
    .bind(size)
    .bind(after)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// Up to `count` subscribers' consents without a MAC, in the order of their keys after this one.
pub async fn list_consents(
    tx: &mut Tx,
    (subscriber_id, purpose): &(Uuid, String),
    count: i64,
) -> sqlx::Result<Vec<UnmarkedConsent>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT c.subscriber_id, u.address_key, c.purpose, c.state, c.event_id, e.seq,
                n.sha256 AS notice_sha256, p.label AS policy_label, c.report_id, c.source,
                c.requested_at, c.confirmed_at
         FROM consent c
         JOIN subscriber u ON u.subscriber_id = c.subscriber_id
         JOIN consent_event e ON e.event_id = c.event_id
         JOIN notice n ON n.notice_id = c.notice_id
         JOIN policy_version p ON p.policy_version_id = c.policy_version_id
         WHERE c.mac IS NULL AND (c.subscriber_id, c.purpose) > ($1, $2)
         ORDER BY c.subscriber_id, c.purpose LIMIT $3",
        )
        .bind(subscriber_id)
        .bind(purpose)
        .bind(count)
        .fetch_all(conn)
        .await
    })
}

/// A subscriber without a MAC.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct UnmarkedSubscriber {
    /// Their key.
    pub subscriber_id: Uuid,
    /// Their address.
    pub address_key: AddressKey,
}

/// Up to `count` subscribers without a MAC, in the order of their keys after this one.
pub async fn list_unmarked_subscribers(
    tx: &mut Tx,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<UnmarkedSubscriber>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT subscriber_id, address_key FROM subscriber
         WHERE mac IS NULL AND subscriber_id > $1 ORDER BY subscriber_id LIMIT $2"
    )
    .bind(after)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// A MAC for the row of this key.
#[derive(Clone, Debug)]
pub struct IdMac {
    /// The row.
    pub id: Uuid,
    /// Its MAC.
    pub mac: RowMac,
}

bound_columns!(IdMac, |own| {
    id: "uuid" = own.id,
    mac: "bytea" = own.mac.as_slice(),
});

/// A MAC for the consent that rests on this event.
#[derive(Clone, Debug)]
pub struct ConsentMac {
    /// Whose.
    pub subscriber_id: Uuid,
    /// For what.
    pub purpose: Purpose,
    /// The event it rested on when the MAC was made.
    pub event_id: Uuid,
    /// Its MAC.
    pub mac: RowMac,
}

bound_columns!(ConsentMac, |own| {
    subscriber_id: "uuid" = own.subscriber_id,
    purpose: "text" = own.purpose.as_str(),
    event_id: "uuid" = own.event_id,
    mac: "bytea" = own.mac.as_slice(),
});

/// Gives events their MACs, unless they have one.
pub async fn mark_events(tx: &mut Tx, macs: &[IdMac]) -> sqlx::Result<()> {
    const MARK: Sql = Sql::same(
        "UPDATE consent_event SET mac = own.mac FROM own
         WHERE consent_event.event_id = own.id AND consent_event.mac IS NULL",
    );
    rows::execute(tx, MARK, &[], Table("own", macs)).await.map(drop)
}

/// Gives signups their MACs, unless they have one.
pub async fn mark_signups(tx: &mut Tx, macs: &[IdMac]) -> sqlx::Result<()> {
    const MARK: Sql = Sql::same(
        "UPDATE signup SET mac = own.mac FROM own
         WHERE signup.signup_id = own.id AND signup.mac IS NULL",
    );
    rows::execute(tx, MARK, &[], Table("own", macs)).await.map(drop)
}

/// Gives subscribers their MACs, unless they have one.
pub async fn mark_subscribers(tx: &mut Tx, macs: &[IdMac]) -> sqlx::Result<()> {
    const MARK: Sql = Sql::same(
        "UPDATE subscriber SET mac = own.mac FROM own
         WHERE subscriber.subscriber_id = own.id AND subscriber.mac IS NULL",
    );
    rows::execute(tx, MARK, &[], Table("own", macs)).await.map(drop)
}

/// Gives consents their MACs, those that still rest on the same event.
pub async fn mark_consents(tx: &mut Tx, macs: &[ConsentMac]) -> sqlx::Result<()> {
    const MARK: Sql = Sql::same(
        "UPDATE consent SET mac = own.mac FROM own
         WHERE consent.subscriber_id = own.subscriber_id AND consent.purpose = own.purpose
           AND consent.event_id = own.event_id AND consent.mac IS NULL",
    );
    rows::execute(tx, MARK, &[], Table("own", macs)).await.map(drop)
}

/// The events that stand without body and salt, in the order of the tree.
pub async fn list_bare(tx: &mut Tx) -> sqlx::Result<Vec<EmptiedEvent>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT leaf_index, leaf FROM consent_event WHERE body IS NULL ORDER BY leaf_index"
    )
    .fetch_all(conn)
    .await)
}

/// Whether the ledger was adopted.
pub async fn is_adopted(tx: &mut Tx) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM ledger_record WHERE type = 'adopted')"
    )
    .fetch_one(conn)
    .await)
}
