//! Facts about a subscriber's consent are appended, and the present state follows, in one transaction.

use assent_ledger::event_type::EventType;
use serde_json::json;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::ConsentFields;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::webhook::WebhookEvent;
use crate::flows::ledger::contexts::Contexts;
use crate::flows::ledger::evidence::{Form, Order, PolicyShown, Words, Workflow};
use crate::flows::tell_webhooks::{Happened, tell};
use crate::flows::{By, Case, Error};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::events::{self, NewConsentEvent};
use crate::store::contacts::subscribers::Subscriber;
use crate::store::contacts::suppressions::{self, Suppressed};

/// Who gives consent, and on which form.
#[derive(Clone, Copy)]
pub struct Giver<'a> {
    /// The subscriber; their row is locked by this use case.
    pub subscriber_id: Uuid,
    /// The key of their address.
    pub address_key: &'a AddressKey,
    /// The MAC that binds the one to the other.
    pub mac: Option<&'a [u8]>,
    /// The report asked for with the same form.
    pub report_id: Option<Uuid>,
    /// The form.
    pub form: Form<'a>,
}

impl<'a> Giver<'a> {
    /// A locked subscriber, and the report asked for with this form.
    #[must_use]
    pub fn new(
        subscriber: &'a Subscriber<String>,
        report_id: Option<Uuid>,
        form: Form<'a>,
    ) -> Self {
        Self {
            subscriber_id: subscriber.subscriber_id,
            address_key: &subscriber.address_key,
            mac: subscriber.mac.as_deref(),
            report_id,
            form,
        }
    }
}

/// Consent is given, or given again while it is in force, for each of these boxes; that lifts what a
/// fresh opt-in lifts of suppression.
///
/// # Errors
/// When the database does not take it, or another hand changed whose the subscriber's address is.
pub async fn give(
    tx: &mut Tx,
    case: Case<'_>,
    giver: Giver<'_>,
    chosen: &[Words<'_>],
) -> Result<(), Error> {
    let Case { at, settings } = case;
    let Giver { subscriber_id, address_key, mac, report_id, form } = giver;
    settings.demand_own_address(subscriber_id, (form.email, address_key), mac)?;
    let keys = [settings.address_secret.subscriber_key(subscriber_id), address_key.clone()];
    let mut order = Order::reserve(tx, case, subscriber_id, chosen.len()).await?;
    let states = consents::list_states(tx, subscriber_id).await?;
    let (mut events, contexts) = (Vec::with_capacity(chosen.len()), Contexts::default());
    for words in chosen {
        let state = states.iter().find(|(purpose, _)| purpose == words.purpose);
        let state = state.map(|(_, state)| *state);
        consents::lift_expiry(tx, at.now, &keys, (words.purpose, state)).await?;
        let shown = contexts.shown(settings, &form, words)?;
        events.push(order.event(EventType::confirming(state), &form, &shown)?);
    }
    events::append_all(tx, &events).await?;
    for (event, words) in events.iter().zip(chosen) {
        let consent = ConsentFields {
            subscriber_id,
            address_key,
            purpose: &event.purpose,
            state: event.event_type,
            event_id: event.event_id,
            seq: event.seq,
            notice_sha256: words.sha256,
            policy_label: form.policy.label.as_str(),
            report_id,
            source: form.source,
            requested_at: form.requested_at,
            confirmed_at: at.now,
        };
        let rests_on = (words.notice_id, form.policy.policy_version_id);
        consents::upsert(tx, &consent, rests_on, &settings.evidence_key.consent(&consent)).await?;
    }
    let purposes: Vec<&Purpose> = events.iter().map(|event| &event.purpose).collect();
    suppressions::delete_lifted(tx, at.now, address_key, &purposes).await?;
    tell_of(tx, at, (subscriber_id, &events)).await?;
    Ok(tx.note_back(at.now, &keys, &purposes).await?)
}

/// What of somebody's consents ends, and how.
pub struct End<'a> {
    /// Consents of theirs; of those in force, each ends.
    pub consents: Vec<&'a CurrentConsent>,
    /// `withdrawn` or `expired`.
    pub event_type: EventType,
    /// How that reached us.
    pub by: By<'a>,
}

/// Ends consents of a locked subscriber; returns the purposes that ended.
/// What somebody withdrew, they are also not written to for any more, by whatever way they come back
/// but their own tick (GDPR Art. 7(3), 21(3)).
pub async fn end(
    tx: &mut Tx,
    case: Case<'_>,
    subscriber: &Subscriber<String>,
    end: End<'_>,
) -> Result<Vec<Purpose>, Error> {
    let Case { at, settings } = case;
    let End { consents: mut ending, event_type, by } = end;
    ending.retain(|consent| consent.state.in_force());
    if ending.is_empty() {
        return Ok(vec![]);
    }
    let id = subscriber.subscriber_id;
    let mut order = Order::reserve(tx, case, id, ending.len()).await?;
    let mut events: Vec<NewConsentEvent> = Vec::with_capacity(ending.len());
    let contexts = Contexts::default();
    for consent in &ending {
        let form = Form {
            signup_id: None,
            email: &subscriber.email,
            method: by.method,
            policy: PolicyShown {
                policy_version_id: consent.policy_version_id,
                label: &consent.policy_label,
                lang: &consent.policy_lang,
                sha256: &consent.policy_sha256,
            },
            report: None,
            requested_at: at.now,
            source: by.source,
            evidence: None,
            workflow: Workflow::default(),
        };
        let shown = contexts.shown(settings, &form, &Words::from(*consent))?;
        events.push(order.event(event_type, &form, &shown)?);
    }
    events::append_all(tx, &events).await?;
    let subscriber_key = settings.address_secret.subscriber_key(id);
    for (event, consent) in events.iter().zip(&ending) {
        let ended = ConsentFields {
            state: event.event_type,
            event_id: event.event_id,
            seq: event.seq,
            ..consent.fields(subscriber)
        };
        let mac = settings.evidence_key.consent(&ended);
        consents::mark_ended(tx, at.now, (&ended, &mac), &subscriber_key).await?;
        if event_type == EventType::Withdrawn {
            let reason = SuppressionReason::Unsubscribed;
            let (key, purpose) = (&subscriber.address_key, Some(&event.purpose));
            suppressions::insert(tx, at.now, &Suppressed::new(key, reason, purpose)).await?;
        }
    }
    tell_of(tx, at, (id, &events)).await?;
    Ok(events.into_iter().map(|event| event.purpose).collect())
}

/// Tells other programs what became of somebody's consents.
async fn tell_of(
    tx: &mut Tx,
    at: &Moment,
    (subscriber_id, events): (Uuid, &[NewConsentEvent]),
) -> sqlx::Result<()> {
    let happened = events.iter().filter_map(|event| {
        let told = match event.event_type {
            EventType::Given | EventType::Renewed => WebhookEvent::ConsentGiven,
            EventType::Withdrawn => WebhookEvent::ConsentWithdrawn,
            EventType::Expired => WebhookEvent::ConsentLapsed,
            // That somebody asked is nobody's business yet, and who is erased is told of by their erasure.
            EventType::Requested | EventType::Erased => return None,
        };
        let about = json!({"purpose": event.purpose, "consent_event_id": event.event_id,
                           "event": event.event_type});
        Some(Happened::to(subscriber_id, told, about))
    });
    let happened: Vec<Happened> = happened.collect();
    tell(tx, at, &happened).await
}

impl<'a> From<&'a CurrentConsent> for Words<'a> {
    fn from(standing: &'a CurrentConsent) -> Self {
        Self {
            purpose: &standing.purpose,
            notice_id: standing.notice_id,
            lang: &standing.lang,
            text: &standing.words,
            sha256: &standing.sha256,
        }
    }
}
