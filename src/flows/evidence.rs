//! How a consent event is made from what was shown and said.

use uuid::Uuid;

use crate::domain::consent::{ErasureBody, EventBody, EventType, NoticeEvidence, PolicyEvidence};
use crate::domain::notice::hex;
use crate::domain::purpose::Purpose;
use crate::domain::signup::Method;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::ledger::leaf::{canonical, leaf};
use crate::random::Moment;
use crate::store::consent_events::NewConsentEvent;

/// Where a choice was made: what every event of it has in common.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// The signup, if it was one.
    pub signup_id: Option<Uuid>,
    /// The address it is about.
    pub email: &'a str,
    /// How it reached us.
    pub method: Method,
    /// The policy shown: key, label and hash.
    pub policy: (Uuid, &'a Label, &'a str),
    /// The report asked for.
    pub report: Option<&'a Slug>,
    /// When it was asked for: when the form was sent, or when consent was given elsewhere.
    pub requested_at: Timestamp,
    /// The page of the form, or where an import came from.
    pub source: &'a str,
    /// For an import: how consent was given there.
    pub evidence: Option<&'a str>,
}

/// The words of one box.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// What they ask for.
    pub purpose: &'a Purpose,
    /// Their key.
    pub notice_id: Uuid,
    /// Their language.
    pub lang: &'a str,
    /// The words.
    pub text: &'a str,
    /// Their hash.
    pub sha256: &'a str,
}

/// Where the event stands in the order of its subject.
#[derive(Clone, Copy)]
pub enum Subject {
    /// A signup's choice.
    Signup(Uuid, i64),
    /// A fact about a subscriber.
    Subscriber(Uuid, i64),
}

/// One event, committed to by its leaf.
///
/// # Errors
/// When the body has no canonical form.
pub fn event(
    at: &Moment,
    event_type: EventType,
    form: &Form<'_>,
    words: &Words<'_>,
    subject: Subject,
) -> serde_json::Result<NewConsentEvent> {
    let event_id = at.new_id();
    let (subject_id, seq, subscriber_id) = match subject {
        Subject::Signup(id, seq) => (id, seq, None),
        Subject::Subscriber(id, seq) => (id, seq, Some(id)),
    };
    let (policy_version_id, label, policy_sha256) = form.policy;
    let body = canonical(&EventBody {
        at: at.now,
        email: form.email,
        event_id,
        method: form.method,
        notice: NoticeEvidence { lang: words.lang, sha256: words.sha256, text: words.text },
        policy: PolicyEvidence { label, sha256: policy_sha256 },
        purpose: words.purpose,
        evidence: form.evidence,
        report: form.report,
        requested_at: form.requested_at,
        signup_id: form.signup_id,
        source: form.source,
        subscriber_id,
    })?;
    let salt = at.new_salt();
    Ok(NewConsentEvent {
        event_id,
        subject_id,
        seq,
        signup_id: form.signup_id,
        subscriber_id,
        purpose: words.purpose.clone(),
        event_type,
        notice_id: Some(words.notice_id),
        policy_version_id: Some(policy_version_id),
        leaf: leaf(event_type, &salt, &body),
        body,
        salt: hex(&salt),
    })
}

/// That a person was erased: one event for each purpose they had ever been recorded for. It holds
/// nothing of them, so it keeps its body.
///
/// # Errors
/// When the body has no canonical form.
pub fn erased(
    at: &Moment,
    purpose: &Purpose,
    (method, source): (Method, &str),
    (subscriber_id, seq): (Uuid, i64),
) -> serde_json::Result<NewConsentEvent> {
    let event_id = at.new_id();
    let body =
        canonical(&ErasureBody { at: at.now, event_id, method, purpose, source, subscriber_id })?;
    let salt = at.new_salt();
    Ok(NewConsentEvent {
        event_id,
        subject_id: subscriber_id,
        seq,
        signup_id: None,
        subscriber_id: Some(subscriber_id),
        purpose: purpose.clone(),
        event_type: EventType::Erased,
        notice_id: None,
        policy_version_id: None,
        leaf: leaf(EventType::Erased, &salt, &body),
        body,
        salt: hex(&salt),
    })
}
