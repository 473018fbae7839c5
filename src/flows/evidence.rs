//! How a consent event is made from what was shown and said.

use uuid::Uuid;

use crate::domain::consent::{EventBody, EventType, NoticeEvidence, PolicyEvidence};
use crate::domain::notice::hex;
use crate::domain::purpose::Purpose;
use crate::domain::signup::Method;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::ledger::leaf::{canonical, leaf};
use crate::random::Moment;
use crate::store::consent_events::NewConsentEvent;

/// The form a choice was made on: what every event of it has in common.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// The signup.
    pub signup_id: Uuid,
    /// The address typed.
    pub email: &'a str,
    /// How it reached us.
    pub method: Method,
    /// The policy shown: key, label and hash.
    pub policy: (Uuid, &'a Label, &'a str),
    /// The report asked for.
    pub report: Option<&'a Slug>,
    /// When the form was sent.
    pub requested_at: Timestamp,
    /// The page of the form.
    pub source: &'a str,
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
    Signup(i64),
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
        Subject::Signup(seq) => (form.signup_id, seq, None),
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
        notice_id: words.notice_id,
        policy_version_id,
        leaf: leaf(event_type, &salt, &body),
        body,
        salt: hex(&salt),
    })
}
