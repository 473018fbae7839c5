//! Consent: facts that happened, and the present state that follows from them.

use serde::Serialize;
use uuid::Uuid;

use super::purpose::Purpose;
use super::signup::Method;
use super::slug::{Label, Slug};
use super::timestamp::Timestamp;

/// The kind of one fact in the append-only ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, Serialize)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// A box was ticked and the form sent. Not consent yet: nothing but the confirmation mail follows.
    Requested,
    /// Confirmed by the owner of the mailbox.
    Given,
    /// Taken back (GDPR Art. 7(3)).
    Withdrawn,
    /// Confirmed again while it was in force.
    Renewed,
    /// Lapsed, for it was not renewed in time.
    Expired,
    /// The person was erased (GDPR Art. 17); the leaf stays.
    Erased,
}

impl EventType {
    /// The word in leaves, exports and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Given => "given",
            Self::Withdrawn => "withdrawn",
            Self::Renewed => "renewed",
            Self::Expired => "expired",
            Self::Erased => "erased",
        }
    }

    /// The type of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let all = [
            Self::Requested,
            Self::Given,
            Self::Withdrawn,
            Self::Renewed,
            Self::Expired,
            Self::Erased,
        ];
        all.into_iter().find(|event_type| event_type.as_str() == word)
    }

    /// Whether a consent in this state is in force.
    #[must_use]
    pub fn in_force(self) -> bool {
        matches!(self, Self::Given | Self::Renewed)
    }

    /// The present state after these facts about one subscriber and purpose, in their order: that of
    /// the last one, and none after an erasure. Asking is not consent and changes nothing.
    #[must_use]
    pub fn fold(facts: impl IntoIterator<Item = Self>) -> Option<Self> {
        facts.into_iter().fold(None, |state, fact| match fact {
            Self::Requested => state,
            Self::Erased => None,
            fact => Some(fact),
        })
    }

    /// The confirming fact that follows from the present state: renewed while consent is in force,
    /// given else.
    #[must_use]
    pub fn confirming(state: Option<Self>) -> Self {
        match state {
            Some(Self::Given | Self::Renewed) => Self::Renewed,
            _ => Self::Given,
        }
    }
}

/// The body of a consent event: who, when, the exact words, the policy, the page and the way
/// (GDPR Art. 7(1)). It is hashed in its RFC 8785 form, so a field added later must be optional.
#[derive(Clone, Debug, Serialize)]
pub struct EventBody<'a> {
    /// RFC 3339, UTC: when this fact came to be.
    pub at: Timestamp,
    /// The address it is about.
    pub email: &'a str,
    /// The key of the event, which receipts and exports name.
    pub event_id: Uuid,
    /// How the choice reached us.
    pub method: Method,
    /// The words beside the box.
    pub notice: NoticeEvidence<'a>,
    /// The policy shown with them.
    pub policy: PolicyEvidence<'a>,
    /// What was agreed to.
    pub purpose: &'a Purpose,
    /// For an import: how consent was given there, as the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<&'a str>,
    /// The report asked for with the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<&'a Slug>,
    /// When it was asked for: when the form was sent, or when consent was given elsewhere.
    pub requested_at: Timestamp,
    /// The form the choice was made on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signup_id: Option<Uuid>,
    /// The page of that form, or where an import came from.
    pub source: &'a str,
    /// The subscriber, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriber_id: Option<Uuid>,
}

/// The body of an `erased` event: that it happened, and nothing of the person.
#[derive(Clone, Debug, Serialize)]
pub struct ErasureBody<'a> {
    /// When.
    pub at: Timestamp,
    /// The key of the event.
    pub event_id: Uuid,
    /// Who asked for it, as with any event.
    pub method: Method,
    /// What consent had been recorded for.
    pub purpose: &'a Purpose,
    /// The page or the command, or that its time was over.
    pub source: &'a str,
    /// The key that once led to the person, and leads to nobody now.
    pub subscriber_id: Uuid,
}

/// The words shown, and their hash.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeEvidence<'a> {
    /// The language of the words, BCP 47.
    pub lang: &'a str,
    /// Lower-case hex SHA-256 of the words.
    pub sha256: &'a str,
    /// The words.
    pub text: &'a str,
}

/// The policy version shown, by label and hash.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyEvidence<'a> {
    /// The label shown on the form.
    pub label: &'a Label,
    /// Lower-case hex SHA-256 of the policy's text.
    pub sha256: &'a str,
}
