//! What somebody agreed to, as programs are told.

use assent_ledger::event_type::EventType;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::disclose::{AgreedData, ConsentData, EventData};
use crate::store::contacts::subject_access::HeldSuppression;

/// What somebody agreed to, and what happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Consents)]
pub(super) struct ToldConsents {
    subscriber_id: Uuid,
    consents: Vec<Consent>,
    /// In the order of the ledger.
    events: Vec<ConsentEvent>,
}

/// How one consent stands, and what it rests on.
#[derive(Serialize, ToSchema)]
struct Consent {
    #[schema(value_type = String)]
    purpose: Purpose,
    /// `given`, `renewed`, `withdrawn` or `expired`.
    #[schema(value_type = String)]
    state: EventType,
    /// The words beside its box.
    words: String,
    /// Their SHA-256.
    notice_sha256: String,
    #[schema(value_type = String)]
    policy_version: Label,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    confirmed_at: Timestamp,
    /// The report of the form that consented.
    #[schema(value_type = Option<String>, required)]
    report: Option<Slug>,
    /// The page of that form.
    source: String,
    /// By which its receipt is found.
    receipt_id: Uuid,
}

/// One event.
#[derive(Serialize, ToSchema)]
struct ConsentEvent {
    event_id: Uuid,
    /// `requested`, `given`, `renewed`, `withdrawn`, `expired` or `erased`.
    #[schema(value_type = String)]
    r#type: EventType,
    #[schema(value_type = String)]
    purpose: Purpose,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// How it reached us.
    #[schema(required)]
    method: Option<String>,
    /// The page of its form.
    #[schema(required)]
    source: Option<String>,
    /// The label of the policy shown.
    #[schema(required)]
    policy_version: Option<String>,
    /// The words shown.
    #[schema(required)]
    words: Option<String>,
    /// All that was recorded; null where it was erased.
    evidence: Value,
}

/// Why an address is not mailed.
#[derive(Serialize, ToSchema)]
pub(super) struct Suppression {
    /// `bounced`, `complained`, `manual`, `not-me`, `unsubscribed` or `erased`.
    #[schema(value_type = String)]
    reason: SuppressionReason,
    /// For what; `*` is everything.
    purpose: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Where it was brought along from.
    #[schema(required)]
    source: Option<String>,
}

impl ToldConsents {
    pub(super) fn new(subscriber_id: Uuid, agreed: AgreedData) -> Self {
        Self {
            subscriber_id,
            consents: agreed.consents.into_iter().map(Consent::from).collect(),
            events: agreed.events.into_iter().map(ConsentEvent::from).collect(),
        }
    }
}

impl From<ConsentData> for Consent {
    fn from(data: ConsentData) -> Self {
        Self {
            purpose: data.purpose,
            state: data.state,
            words: data.words,
            notice_sha256: data.notice_sha256,
            policy_version: data.policy_version,
            requested_at: data.requested_at,
            confirmed_at: data.confirmed_at,
            report: data.report,
            source: data.source,
            receipt_id: data.receipt_id,
        }
    }
}

impl From<EventData> for ConsentEvent {
    fn from(data: EventData) -> Self {
        Self {
            event_id: data.event_id,
            r#type: data.event_type,
            purpose: data.purpose,
            recorded_at: data.recorded_at,
            method: data.how.method,
            source: data.how.source,
            policy_version: data.policy_version,
            words: data.words,
            evidence: data.evidence,
        }
    }
}

impl From<HeldSuppression> for Suppression {
    fn from(held: HeldSuppression) -> Self {
        Self { reason: held.reason, purpose: held.purpose, since: held.since, source: held.source }
    }
}
