//! The append-only ledger of consent.

use std::collections::HashMap;
use std::sync::Arc;

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::RowMac;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::store::consent::contexts::{self, NewContext};
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, in_force, on};

/// An event about to be appended; one row of a batch.
#[derive(Clone, Debug)]
pub struct NewConsentEvent {
    /// Its key, which receipts and exports name.
    pub event_id: Uuid,
    /// Whose order `seq` counts in: the signup for `requested`, the subscriber for all others.
    pub subject_id: Uuid,
    /// Its place in that order, from 1.
    pub seq: i64,
    /// The form it came from, if it came from one.
    pub signup_id: Option<Uuid>,
    /// The subscriber, once there is one.
    pub subscriber_id: Option<Uuid>,
    /// What it is about.
    pub purpose: Purpose,
    /// What happened.
    pub event_type: EventType,
    /// The words shown; none of an erasure.
    pub notice_id: Option<Uuid>,
    /// The policy shown; none of an erasure.
    pub policy_version_id: Option<Uuid>,
    /// RFC 8785 text.
    pub body: String,
    /// The salt of the body's commitment.
    pub salt: [u8; 32],
    /// The leaf that commits to the body.
    pub leaf: String,
    /// Its MAC.
    pub mac: RowMac,
    /// What it was given in; none for an erasure.
    pub context: Option<Arc<NewContext>>,
    /// When it came to be, as its body says.
    pub recorded_at: Timestamp,
}

bound_columns!(&NewConsentEvent, |event| {
    event_id: "uuid" = event.event_id,
    subject_id: "uuid" = event.subject_id,
    seq: "bigint" = event.seq,
    signup_id: "uuid" = event.signup_id,
    subscriber_id: "uuid" = event.subscriber_id,
    purpose: "text" = event.purpose.as_str(),
    type: "text" = event.event_type.as_str(),
    notice_id: "uuid" = event.notice_id,
    policy_version_id: "uuid" = event.policy_version_id,
    body: "text" = event.body.as_str(),
    salt: "bytea" = event.salt.as_slice(),
    leaf: "text" = event.leaf.as_str(),
    mac: "bytea" = event.mac.as_slice(),
    context_sha256: "bytea" = event.context.as_ref().map(|context| context.sha256().as_slice()),
    recorded_at: "timestamptz" = event.recorded_at,
});

/// One choice of a signup: the words beside the box.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Choice {
    /// The event that says so.
    pub event_id: Uuid,
    /// Its place in the order of the signup's.
    pub seq: i64,
    /// Its leaf.
    pub leaf: String,
    /// Its MAC, if it has one.
    pub mac: Option<Vec<u8>>,
    /// Its body; none of somebody forgotten.
    pub body: Option<String>,
    /// What its leaf is salted with.
    pub salt: Option<Vec<u8>>,
    /// What it was said in.
    pub context: Option<String>,
    /// What was ticked.
    pub purpose: Purpose,
    /// The words shown.
    pub notice_id: Uuid,
    /// Their language.
    pub lang: String,
    /// The words.
    pub words: String,
    /// Their hash.
    pub sha256: String,
}

/// One consent that a signup's confirmation gave.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ConfirmedConsent {
    /// The event that says so.
    pub event_id: Uuid,
    /// What was agreed to.
    pub purpose: Purpose,
    /// The name of the newsletter, or of the operator's own purpose.
    pub name: Option<String>,
    /// The words agreed to.
    pub words: String,
    /// The policy they were shown with.
    pub policy_label: Label,
    /// When it was confirmed.
    pub recorded_at: Timestamp,
}

/// Appends the events of one batch, with what they were given in.
///
/// # Errors
/// When the database does not take them; then none is appended.
pub async fn append_all(tx: &mut Tx, rows: &[NewConsentEvent]) -> sqlx::Result<()> {
    contexts::insert_all(tx, rows.iter().filter_map(|row| row.context.as_deref())).await?;
    append(tx, &rows.iter().collect::<Vec<_>>()).await
}

/// Appends the events of one batch. What they were given in is kept already.
///
/// # Errors
/// When the database does not take them, or lacks what one was given in; then none is appended.
pub async fn append(tx: &mut Tx, rows: &[&NewConsentEvent]) -> sqlx::Result<()> {
    const APPEND: Sql = Sql::same(
        "INSERT INTO consent_event (event_id, subject_id, seq, signup_id, subscriber_id, purpose, type, notice_id,
             policy_version_id, body, salt, leaf, mac, context_sha256, recorded_at)
         SELECT event_id, subject_id, seq, signup_id, subscriber_id, purpose, type, notice_id,
             policy_version_id, body, salt, leaf, mac, context_sha256, recorded_at
         FROM event",
    );
    rows::execute(tx, APPEND, &[], Table("event", rows)).await.map(drop)
}

/// The leaf of one event, by its place in the order of its subject.
pub async fn find_leaf(tx: &mut Tx, subject_id: Uuid, seq: i64) -> sqlx::Result<Option<String>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT leaf FROM consent_event WHERE subject_id = $1 AND seq = $2"
    )
    .bind(subject_id)
    .bind(seq)
    .fetch_optional(conn)
    .await)
}

/// The leaves of events of many subjects, each by its place; unlike [`find_leaf`], for all at once. By subject.
pub async fn list_leaves(
    tx: &mut Tx,
    places: &[(Uuid, i64)],
) -> sqlx::Result<HashMap<Uuid, String>> {
    const LIST: Sql = Sql::same(
        "SELECT e.subject_id, e.leaf FROM place CROSS JOIN consent_event e
         WHERE e.subject_id = place.subject_id AND e.seq = place.seq",
    );
    let leaves: Vec<(Uuid, String)> =
        rows::fetch_all(tx, LIST, &[], Table("place", places)).await?;
    Ok(leaves.into_iter().collect())
}

bound_columns!((Uuid, i64), |place| {
    subject_id: "uuid" = place.0,
    seq: "bigint" = place.1,
});

/// What was ticked on a signup's form, in the form's order: its `requested` events.
pub async fn list_choices(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<Vec<Choice>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT e.event_id, e.seq, e.leaf, e.mac, e.body, e.salt, x.body AS context, e.purpose,
                e.notice_id, n.lang, n.words, n.sha256
         FROM consent_event e JOIN notice n ON n.notice_id = e.notice_id
         LEFT JOIN consent_context x ON x.sha256 = e.context_sha256
         WHERE e.subject_id = $1 AND e.type = 'requested' ORDER BY e.seq"
    )
    .bind(signup_id)
    .fetch_all(conn)
    .await)
}

/// What a signup's confirmation gave, in the order it was given.
pub async fn list_confirmed(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<Vec<ConfirmedConsent>> {
    on!(tx, |conn| {
        sqlx::query_as(concat!(
            "SELECT e.event_id, e.purpose, COALESCE(l.name, u.name) AS name, n.words,
                p.label AS policy_label, e.recorded_at
         FROM signup s
         JOIN consent_event e ON e.subject_id = s.subscriber_id AND e.signup_id = s.signup_id
         JOIN notice n ON n.notice_id = e.notice_id
         JOIN policy_version p ON p.policy_version_id = e.policy_version_id
         JOIN purpose u ON u.code = e.purpose
         LEFT JOIN newsletter l ON l.newsletter_id = u.newsletter_id
         WHERE s.signup_id = $1 AND ",
            in_force!("e.type"),
            "
         ORDER BY e.seq"
        ))
        .bind(signup_id)
        .fetch_all(conn)
        .await
    })
}

/// One event as the ledger holds it.
#[derive(Debug, sqlx::FromRow)]
pub struct ConsentEvent {
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// RFC 8785 text; gone after erasure.
    pub body: Option<String>,
    /// The salt; gone after erasure.
    pub salt: Option<Vec<u8>>,
    /// The leaf, which stays.
    pub leaf: String,
    /// The context that the body names, RFC 8785 text.
    pub context: Option<String>,
    /// The words shown.
    pub words: Option<String>,
}

/// The events of one subject, in their order.
pub async fn list(tx: &mut Tx, subject_id: Uuid) -> sqlx::Result<Vec<ConsentEvent>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT e.type AS event_type, e.purpose, e.body, e.salt, e.leaf, x.body AS context, n.words
         FROM consent_event e
         LEFT JOIN consent_context x ON x.sha256 = e.context_sha256
         LEFT JOIN notice n ON n.notice_id = e.notice_id
         WHERE e.subject_id = $1 ORDER BY e.seq"
    )
    .bind(subject_id)
    .fetch_all(conn)
    .await)
}

/// The names of the newsletters ticked on a signup's form, in the form's order.
pub async fn list_newsletters(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<Vec<String>> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "SELECT COALESCE(l.name, p.name, p.code) FROM consent_event e
         JOIN purpose p ON p.code = e.purpose
         LEFT JOIN newsletter l ON l.newsletter_id = p.newsletter_id
         WHERE e.subject_id = $1 AND e.type = 'requested' AND e.purpose <> 'privacy-policy' ORDER BY e.seq"
    )
    .bind(signup_id)
    .fetch_all(conn)
    .await
    })
}

/// One fact about a subscriber, with what it rested on.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Change {
    /// Its key.
    pub event_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// The name of the newsletter, or of the operator's own purpose.
    pub name: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The words it rested on.
    pub words: String,
    /// The policy it rested on.
    pub policy_label: Label,
}

/// What happened to a subscriber's consents at one moment, in the order it happened.
pub async fn list_recorded(
    tx: &mut Tx,
    subscriber_id: Uuid,
    recorded_at: Timestamp,
) -> sqlx::Result<Vec<Change>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT e.event_id, e.type AS event_type, e.purpose, COALESCE(l.name, u.name) AS name,
                e.recorded_at, n.words, p.label AS policy_label
         FROM consent_event e
         JOIN notice n ON n.notice_id = e.notice_id
         JOIN policy_version p ON p.policy_version_id = e.policy_version_id
         JOIN purpose u ON u.code = e.purpose
         LEFT JOIN newsletter l ON l.newsletter_id = u.newsletter_id
         WHERE e.subject_id = $1 AND e.recorded_at = $2
         ORDER BY e.seq"
    )
    .bind(subscriber_id)
    .bind(recorded_at)
    .fetch_all(conn)
    .await)
}

/// One event with its place in the tree.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SealedEvent {
    /// Its key.
    pub event_id: Uuid,
    /// Whose order it stands in.
    pub subject_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// The name of the newsletter, or of the operator's own purpose.
    pub name: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// RFC 8785 text; gone after erasure.
    pub body: Option<String>,
    /// The salt; gone after erasure.
    pub salt: Option<Vec<u8>>,
    /// The leaf, which stays.
    pub leaf: String,
    /// Its place; none while it waits for one.
    pub leaf_index: Option<i64>,
    /// The context that the body names, RFC 8785 text.
    pub context: Option<String>,
    /// The words shown.
    pub words: Option<String>,
    /// The policy shown, Markdown.
    pub policy: Option<String>,
}

/// One event with its place in the tree.
pub async fn find_sealed(tx: &mut Tx, event_id: Uuid) -> sqlx::Result<Option<SealedEvent>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT e.event_id, e.subject_id, e.type AS event_type, e.purpose,
                COALESCE(l.name, u.name) AS name, e.recorded_at, e.body, e.salt, e.leaf, e.leaf_index,
                x.body AS context, n.words, p.body AS policy
         FROM consent_event e
         LEFT JOIN consent_context x ON x.sha256 = e.context_sha256
         LEFT JOIN notice n ON n.notice_id = e.notice_id
         LEFT JOIN policy_version p ON p.policy_version_id = e.policy_version_id
         JOIN purpose u ON u.code = e.purpose
         LEFT JOIN newsletter l ON l.newsletter_id = u.newsletter_id
         WHERE e.event_id = $1"
    )
    .bind(event_id)
    .fetch_optional(conn)
    .await
    })
}

/// The events of an address that have their place, in its order: of its subscriber and of its forms.
pub async fn list_sealed_of(
    tx: &mut Tx,
    address_key: &AddressKey,
) -> sqlx::Result<Vec<SealedEvent>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT e.event_id, e.subject_id, e.type AS event_type, e.purpose, NULL AS name, e.recorded_at,
                e.body, e.salt, e.leaf, e.leaf_index, x.body AS context, n.words, NULL AS policy
         FROM consent_event e
         LEFT JOIN consent_context x ON x.sha256 = e.context_sha256
         LEFT JOIN notice n ON n.notice_id = e.notice_id
         WHERE e.leaf_index IS NOT NULL AND e.subject_id IN
             (SELECT signup_id FROM signup WHERE address_key = $1
              UNION ALL SELECT subscriber_id FROM subscriber WHERE address_key = $1)
         ORDER BY e.leaf_index"
    )
    .bind(address_key)
    .fetch_all(conn)
    .await
    })
}
