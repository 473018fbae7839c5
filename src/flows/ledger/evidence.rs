//! How a consent event is made from what was shown and said.

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use assent_ledger::leaf::{LeafHead, canonical};
use assent_ledger::note::encode_hash;
use assent_ledger::record::Emptied;
use assent_ledger::tree::leaf_hash;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::address_confirmation::AddressConfirmation;
use crate::domain::consent::event::{ErasureBody, EventBody};
use crate::domain::consent::evidence_key::{EventFields, RowMac};
use crate::domain::consent::given_details::DataKind;
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::flows::{By, Case};
use crate::store::Tx;
use crate::store::consent::contexts::NewContext;
use crate::store::consent::events::{self, NewConsentEvent};
use crate::store::contacts::subscribers;
use crate::store::policy::versions::PolicyVersion;

/// How a choice was made, as far as it is known.
#[derive(Clone, Copy, Default)]
pub struct Workflow<'a> {
    /// Who drew the form, if it was one.
    pub drawn_by: Option<DrawnBy>,
    /// The page elsewhere on which it stood, as its sender says.
    pub page: Option<&'a str>,
    /// The hash of the blank form, where all see the same and it is known that this one was seen.
    pub form: Option<&'a str>,
    /// The kinds of data given.
    pub data: &'a [DataKind],
    /// What was offered and left unticked, where that is known.
    pub unticked: &'a [Purpose],
    /// By what the address was confirmed.
    pub confirmed: Option<&'a AddressConfirmation>,
}

/// Where a choice was made: what every event of it has in common.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// The signup, if it was one.
    pub signup_id: Option<Uuid>,
    /// The address it is about.
    pub email: &'a str,
    /// How it reached us.
    pub method: Method,
    /// The policy shown.
    pub policy: PolicyShown<'a>,
    /// The report asked for.
    pub report: Option<&'a Slug>,
    /// When it was asked for: when the form was sent, or when consent was given elsewhere.
    pub requested_at: Timestamp,
    /// The page of the form, or where an import came from.
    pub source: &'a str,
    /// For an import: how consent was given there.
    pub evidence: Option<&'a str>,
    /// How it was made.
    pub workflow: Workflow<'a>,
}

/// The policy beside a choice.
#[derive(Clone, Copy)]
pub struct PolicyShown<'a> {
    /// Its key.
    pub policy_version_id: Uuid,
    /// Its label.
    pub label: &'a Label,
    /// The language of its text, BCP 47.
    pub lang: &'a str,
    /// The hash of its text, lower-case hex.
    pub sha256: &'a str,
}

impl<'a> From<&'a PolicyVersion> for PolicyShown<'a> {
    fn from(policy: &'a PolicyVersion) -> Self {
        Self {
            policy_version_id: policy.policy_version_id,
            label: &policy.label,
            lang: &policy.lang,
            sha256: &policy.sha256,
        }
    }
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

/// Words that were shown, and what they were shown in.
pub struct Shown<'a> {
    /// What they ask for.
    pub purpose: &'a Purpose,
    /// Their key.
    pub notice_id: Uuid,
    /// What they were shown in.
    pub context: Arc<NewContext>,
}

/// Whose order an event stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A signup's, for its choices.
    Signup(Uuid),
    /// A subscriber's, for all that happened to them.
    Subscriber(Uuid),
}

impl Subject {
    fn id(self) -> Uuid {
        match self {
            Self::Signup(id) | Self::Subscriber(id) => id,
        }
    }
}

/// The end of a subject's row of events, where the next one goes: each names the leaf before it, so that none can
/// be left out unseen.
pub struct Order<'a> {
    case: Case<'a>,
    subject: Subject,
    seq: i64,
    previous: Option<String>,
}

impl<'a> Order<'a> {
    /// Of a signup that is just being made.
    #[must_use]
    pub fn new(case: Case<'a>, signup_id: Uuid) -> Self {
        Self { case, subject: Subject::Signup(signup_id), seq: 1, previous: None }
    }

    /// Of a subject whose next event is `seq`, and the leaf of the one before it. Where that is missing, though
    /// there must be one, the next event does not name it: the check of the ledger finds it, and nobody is kept
    /// from leaving.
    #[must_use]
    pub fn after(case: Case<'a>, subject: Subject, seq: i64, leaf: Option<&str>) -> Self {
        let previous = leaf.map(|leaf| encode_hash(&leaf_hash(leaf.as_bytes())));
        Self { case, subject, seq, previous }
    }

    /// Reserves the next `count` places of a subscriber, whose row stays locked until the transaction ends.
    pub async fn reserve(
        tx: &mut Tx,
        case: Case<'a>,
        subscriber_id: Uuid,
        count: usize,
    ) -> sqlx::Result<Self> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let seq = subscribers::take_seqs(tx, subscriber_id, count).await?;
        Self::at(tx, case, Subject::Subscriber(subscriber_id), seq).await
    }

    /// The place `seq` of a subject.
    pub async fn at(tx: &mut Tx, case: Case<'a>, subject: Subject, seq: i64) -> sqlx::Result<Self> {
        let leaf = events::find_leaf(tx, subject.id(), seq - 1).await?;
        Ok(Self::after(case, subject, seq, leaf.as_deref()))
    }

    /// Puts one event at the end, committed to by its leaf.
    ///
    /// # Errors
    /// When the body has no canonical form.
    pub fn event(
        &mut self,
        event_type: EventType,
        form: &Form<'_>,
        shown: &Shown<'_>,
    ) -> serde_json::Result<NewConsentEvent> {
        let at = self.case.at;
        let (event_id, seq) = (at.new_id(), self.seq);
        let subscriber_id = match self.subject {
            Subject::Signup(_) => None,
            Subject::Subscriber(id) => Some(id),
        };
        let body = EventBody {
            at: at.now,
            confirmed: form.workflow.confirmed,
            context: shown.context.name(),
            data: form.workflow.data,
            email: form.email,
            event_id,
            evidence: form.evidence,
            page: form.workflow.page,
            previous: self.previous.as_deref(),
            requested_at: form.requested_at,
            seq,
            signup_id: form.signup_id,
            subscriber_id,
            unticked: form.workflow.unticked,
        };
        let body = body.canonical()?;
        let (salt, subject_id) = (at.new_salt(), self.subject.id());
        let leaf = LeafHead::of_event(event_type).leaf(&salt, &body);
        let purpose = shown.purpose;
        let fields = EventFields { event_id, subject_id, seq, event_type, purpose, leaf: &leaf };
        let mac = self.take(&fields);
        Ok(NewConsentEvent {
            event_id,
            subject_id,
            seq,
            signup_id: form.signup_id,
            subscriber_id,
            purpose: purpose.clone(),
            event_type,
            notice_id: Some(shown.notice_id),
            policy_version_id: Some(form.policy.policy_version_id),
            context: Some(shown.context.clone()),
            body,
            salt,
            leaf,
            mac,
            recorded_at: at.now,
        })
    }

    /// Puts at the end that a person was erased: one event for each purpose they had ever been recorded for. It holds
    /// nothing of them, so it keeps its body. `emptied` is for the first of them.
    ///
    /// # Errors
    /// When the body has no canonical form.
    pub fn erased(
        &mut self,
        purpose: &Purpose,
        by: By<'_>,
        emptied: &Emptied,
    ) -> serde_json::Result<NewConsentEvent> {
        let at = self.case.at;
        let (event_id, seq, subscriber_id) = (at.new_id(), self.seq, self.subject.id());
        let body = canonical(&ErasureBody {
            at: at.now,
            emptied,
            event_id,
            method: by.method,
            previous: self.previous.as_deref(),
            purpose,
            seq,
            source: by.source,
            subscriber_id,
        })?;
        let (salt, event_type) = (at.new_salt(), EventType::Erased);
        let leaf = LeafHead::of_event(event_type).leaf(&salt, &body);
        let subject_id = subscriber_id;
        let fields = EventFields { event_id, subject_id, seq, event_type, purpose, leaf: &leaf };
        let mac = self.take(&fields);
        Ok(NewConsentEvent {
            event_id,
            subject_id,
            seq,
            signup_id: None,
            subscriber_id: Some(subscriber_id),
            purpose: purpose.clone(),
            event_type,
            notice_id: None,
            policy_version_id: None,
            context: None,
            body,
            salt,
            leaf,
            mac,
            recorded_at: at.now,
        })
    }

    /// Takes the place for this event; returns the MAC of its row.
    fn take(&mut self, event: &EventFields<'_>) -> RowMac {
        self.seq += 1;
        self.previous = Some(encode_hash(&leaf_hash(event.leaf.as_bytes())));
        self.case.settings.evidence_key.event(event)
    }
}
