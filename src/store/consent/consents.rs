//! The present state of each subscriber and purpose: the fold of their events.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::{ConsentFields, RowMac};
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::outside::{EndingReason, Scope, Turn};
use crate::store::contacts::subscribers::Subscriber;
use crate::store::policy::versions::PolicyVersion;
use crate::store::{Tx, in_force, on};

/// Replaces the present state of one subscriber and purpose.
pub async fn upsert(
    tx: &mut Tx,
    consent: &ConsentFields<'_>,
    (notice_id, policy_version_id): (Uuid, Uuid),
    mac: &RowMac,
) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO consent (subscriber_id, purpose, state, event_id, notice_id, policy_version_id,
                              report_id, source, requested_at, confirmed_at, mac)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (subscriber_id, purpose) DO UPDATE SET
             state = excluded.state, event_id = excluded.event_id, notice_id = excluded.notice_id,
             policy_version_id = excluded.policy_version_id, report_id = excluded.report_id,
             source = excluded.source, requested_at = excluded.requested_at,
             confirmed_at = excluded.confirmed_at, mac = excluded.mac"
    )
    .bind(consent.subscriber_id)
    .bind(consent.purpose)
    .bind(consent.state)
    .bind(consent.event_id)
    .bind(notice_id)
    .bind(policy_version_id)
    .bind(consent.report_id)
    .bind(consent.source)
    .bind(consent.requested_at)
    .bind(consent.confirmed_at)
    .bind(&mac[..])
    .execute(conn)
    .await
    .map(drop)
    })
}

/// The present states of one subscriber.
pub async fn list_states(
    tx: &mut Tx,
    subscriber_id: Uuid,
) -> sqlx::Result<Vec<(Purpose, EventType)>> {
    on!(tx, |conn| sqlx::query_as("SELECT purpose, state FROM consent WHERE subscriber_id = $1")
        .bind(subscriber_id)
        .fetch_all(conn)
        .await)
}

/// One subscriber's consent to one purpose, with what it rests on.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CurrentConsent {
    /// What it is for.
    pub purpose: Purpose,
    /// The name of the newsletter, or of the operator's own purpose.
    pub name: Option<String>,
    /// Where it stands.
    pub state: EventType,
    /// The event that made this state, by which receipts are found.
    pub event_id: Uuid,
    /// That event's place in the order of the subscriber's.
    pub seq: i64,
    /// When that event was recorded.
    pub changed_at: Timestamp,
    /// The words it rested on.
    pub notice_id: Uuid,
    /// Their language.
    pub lang: String,
    /// The words.
    pub words: String,
    /// Their hash.
    pub sha256: String,
    /// The policy it rested on.
    pub policy_version_id: Uuid,
    /// Its label.
    pub policy_label: Label,
    /// Its hash.
    pub policy_sha256: String,
    /// The language of its text, BCP 47.
    pub policy_lang: String,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// Its slug.
    pub report: Option<Slug>,
    /// The page of its form.
    pub source: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
}

impl CurrentConsent {
    /// Whether it is agreement to this version of the privacy policy, and stands.
    #[must_use]
    pub fn agrees_to(&self, policy_version_id: Uuid) -> bool {
        self.purpose.is_privacy_policy()
            && self.state.in_force()
            && self.policy_version_id == policy_version_id
    }

    /// What its MAC is over.
    #[must_use]
    pub fn fields<'a, Email>(&'a self, subscriber: &'a Subscriber<Email>) -> ConsentFields<'a> {
        ConsentFields {
            subscriber_id: subscriber.subscriber_id,
            address_key: &subscriber.address_key,
            purpose: &self.purpose,
            state: self.state,
            event_id: self.event_id,
            seq: self.seq,
            notice_sha256: &self.sha256,
            policy_label: self.policy_label.as_str(),
            report_id: self.report_id,
            source: &self.source,
            requested_at: self.requested_at,
            confirmed_at: self.confirmed_at,
        }
    }
}

/// All consents of one subscriber: the privacy policy first, then by age.
pub async fn list(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Vec<CurrentConsent>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT c.purpose, COALESCE(l.name, u.name) AS name, c.state, c.event_id, e.seq,
                e.recorded_at AS changed_at, c.notice_id, n.lang, n.words, n.sha256,
                c.policy_version_id, p.label AS policy_label, p.lang AS policy_lang, p.sha256 AS policy_sha256,
                c.report_id, r.slug AS report, c.source, c.requested_at, c.confirmed_at
         FROM consent c
         JOIN consent_event e ON e.event_id = c.event_id
         JOIN notice n ON n.notice_id = c.notice_id
         JOIN policy_version p ON p.policy_version_id = c.policy_version_id
         JOIN purpose u ON u.code = c.purpose
         LEFT JOIN newsletter l ON l.newsletter_id = u.newsletter_id
         LEFT JOIN report r ON r.report_id = c.report_id
         WHERE c.subscriber_id = $1
         ORDER BY CASE c.purpose WHEN 'privacy-policy' THEN 0 ELSE 1 END, u.created_at, c.purpose"
    )
    .bind(subscriber_id)
    .fetch_all(conn)
    .await
    })
}

/// How far a list of one subscriber's consents reaches in the order of their events: a page that was filled
/// from it, and one that is older, are told apart by this. 0 of nobody's.
#[must_use]
pub fn reach(standing: &[CurrentConsent]) -> i64 {
    standing.iter().map(|standing| standing.seq).max().unwrap_or(0)
}

/// What was in force of a subscriber's consents once their event of this place was recorded.
pub async fn list_in_force_at(
    tx: &mut Tx,
    subscriber_id: Uuid,
    seq: i64,
) -> sqlx::Result<Vec<Purpose>> {
    on!(tx, |conn| sqlx::query_scalar(concat!(
        "SELECT e.purpose FROM consent_event e
         WHERE e.subject_id = $1 AND e.seq <= $2 AND ",
        in_force!("e.type"),
        "
           AND NOT EXISTS (SELECT 1 FROM consent_event later
                           WHERE later.subject_id = e.subject_id AND later.purpose = e.purpose
                             AND later.seq > e.seq AND later.seq <= $2)"
    ))
    .bind(subscriber_id)
    .bind(seq)
    .fetch_all(conn)
    .await)
}

/// Ends a consent that is in force; one that ended before stays as it is. That it ran out is noted outside before it is
/// committed, by the keys of address and subscriber; a withdrawal is noted with what it suppresses.
pub async fn mark_ended(
    tx: &mut Tx,
    now: Timestamp,
    (ended, mac): (&ConsentFields<'_>, &RowMac),
    subscriber_key: &AddressKey,
) -> sqlx::Result<()> {
    if ended.state == EventType::Expired {
        for key in [ended.address_key, subscriber_key] {
            tx.note(expiry(key, ended.purpose).turned(now, Turn::Began));
        }
    }
    on!(tx, |conn| sqlx::query(concat!(
        "UPDATE consent SET state = $3, event_id = $4, mac = $5
         WHERE subscriber_id = $1 AND purpose = $2 AND ",
        in_force!("state")
    ))
    .bind(ended.subscriber_id)
    .bind(ended.purpose)
    .bind(ended.state)
    .bind(ended.event_id)
    .bind(&mac[..])
    .execute(conn)
    .await
    .map(drop))
}

/// Notes that a consent which ran out is given again, by the keys by which that was noted: where it ran out as the
/// database says, and where that is known outside alone.
///
/// # Errors
/// When what is kept outside cannot be read.
pub async fn lift_expiry(
    tx: &mut Tx,
    now: Timestamp,
    keys: &[AddressKey],
    (purpose, state): (&Purpose, Option<EventType>),
) -> sqlx::Result<()> {
    let mut scopes: Vec<Scope> = keys.iter().map(|key| expiry(key, purpose)).collect();
    if state != Some(EventType::Expired) {
        scopes = tx.holding(scopes).await?;
    }
    for scope in scopes {
        tx.note_lifted(now, scope).await?;
    }
    Ok(())
}

fn expiry(address_key: &AddressKey, purpose: &Purpose) -> Scope {
    let (address_key, purpose) = (address_key.clone(), Some(purpose.clone()));
    Scope { address_key, reason: EndingReason::Expired, purpose }
}

/// The purposes in force that a subscriber agreed to under a policy older than this one.
pub async fn list_older(
    tx: &mut Tx,
    subscriber_id: Uuid,
    policy: &PolicyVersion,
) -> sqlx::Result<Vec<Purpose>> {
    on!(tx, |conn| sqlx::query_scalar(concat!(
        "SELECT c.purpose FROM consent c
         JOIN policy_version p ON p.policy_version_id = c.policy_version_id
         WHERE c.subscriber_id = $1 AND ",
        in_force!("c.state"),
        " AND p.published_at < $2
           AND p.lang = $3
         ORDER BY c.purpose"
    ))
    .bind(subscriber_id)
    .bind(policy.published_at)
    .bind(&policy.lang)
    .fetch_all(conn)
    .await)
}

/// A purpose, a state, and how many people stand there.
pub type StateCount = (Purpose, EventType, i64);

/// How many people stand in each state of each purpose.
pub async fn count_states(tx: &mut Tx) -> sqlx::Result<Vec<StateCount>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT purpose, state, count(*) FROM consent GROUP BY purpose, state"
    )
    .fetch_all(conn)
    .await)
}
