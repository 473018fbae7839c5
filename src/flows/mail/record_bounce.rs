//! A mail came back. No mail ever follows from it, so nothing can go round in circles.

use assent_ledger::event_type::EventType;
use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::bounce::news::News;
use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::webhook::WebhookEvent;
use crate::flows::consent::record_consent::{End, end};
use crate::flows::consent::withdraw::Leaving;
use crate::flows::tell_webhooks::{Happened, tell};
use crate::flows::{By, Case, Error};
use crate::store::Tx;
use crate::store::consent::consents;
use crate::store::contacts::subscribers;
use crate::store::contacts::suppressions::{self, Suppressed};
use crate::store::mail::bounces::{self, Addressee};

/// How a complaint is named in evidence.
const SOURCE: &str = "complaint";

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// It stands, by this word or an earlier one.
    Recorded,
    /// The mail is not known any more: it was purged or erased. Nothing is written.
    Unknown,
}

/// Counts what came back, once for each mail and kind, and draws the consequence for its mailbox. Hard: it
/// is not mailed any more. Complaint: the same, and what its reader can be written to for is withdrawn, so
/// that copies exported earlier learn of it (GDPR Art. 21(2)). A mail to an address of the settings, such
/// as a witness's, has none.
///
/// # Errors
/// When the database does not take it; then nothing is written.
pub async fn record_bounce(
    tx: &mut Tx,
    case: Case<'_>,
    outbox_id: Uuid,
    bounce: Bounce,
) -> Result<Recorded, Error> {
    let recorded = record(tx, case, outbox_id, |_| bounce).await?;
    Ok(recorded.map_or(Recorded::Unknown, |_| Recorded::Recorded))
}

/// Counts what a message says of a mail, unlike [`record_bounce`] by what it says of the very address that the mail went
/// to: hard is that alone. Returns what it is; `None` when the mail is not known any more.
///
/// # Errors
/// When the database does not take it; then nothing is written.
pub async fn record_news(
    tx: &mut Tx,
    case: Case<'_>,
    outbox_id: Uuid,
    news: &News,
) -> Result<Option<Bounce>, Error> {
    let about = |addressee: &Addressee| {
        news.about(|address| match &addressee.address_key {
            Some(mailed) => *mailed == case.settings.address_secret.key(address),
            // Of a mail to an address of the settings nothing follows.
            None => true,
        })
    };
    record(tx, case, outbox_id, about).await
}

async fn record(
    tx: &mut Tx,
    case: Case<'_>,
    outbox_id: Uuid,
    judge: impl FnOnce(&Addressee) -> Bounce,
) -> Result<Option<Bounce>, Error> {
    let at = case.at;
    let Some(addressee) = bounces::find_addressee(tx, outbox_id).await? else { return Ok(None) };
    let bounce = judge(&addressee);
    // Before the mail is touched, as an erasure does: so neither waits for the other in turn.
    let subscriber = match addressee.subscriber_id {
        Some(subscriber_id) => subscribers::lock(tx, subscriber_id).await?,
        None => None,
    };
    if !bounces::insert(tx, at, outbox_id, bounce).await? {
        return Ok(Some(bounce));
    }
    let Some(address_key) = &addressee.address_key else { return Ok(Some(bounce)) };
    let about = json!({"mail": addressee.kind, "kind": bounce.kind.as_ref(),
                       "status": bounce.status.map(|status| status.to_string())});
    let subscriber_id = subscriber.as_ref().map(|subscriber| subscriber.subscriber_id);
    let event = WebhookEvent::MailBounced;
    // That somebody complained, or asked for their data, is no program's to know.
    if !addressee.kind.is_of_a_request() {
        tell(tx, at, &[Happened { event, subscriber_id, about }]).await?;
    }
    let reason = match bounce.kind {
        BounceKind::Soft => return Ok(Some(bounce)),
        BounceKind::Hard => SuppressionReason::Bounced,
        BounceKind::Complaint => SuppressionReason::Complained,
    };
    suppressions::insert(tx, at.now, &Suppressed::new(address_key, reason, None)).await?;
    if (addressee.kind, bounce.kind) == (MailKind::Confirm, BounceKind::Hard) {
        suppressions::mark_tried(tx, at.now, &[address_key]).await?;
    }
    if let (Some(subscriber), BounceKind::Complaint) = (&subscriber, bounce.kind) {
        let consents = consents::list(tx, subscriber.subscriber_id).await?;
        let (consents, event_type) = (Leaving::Writing.of(&consents), EventType::Withdrawn);
        let by = By { method: Method::Program, source: SOURCE };
        end(tx, case, subscriber, End { consents, event_type, by }).await?;
    }
    Ok(Some(bounce))
}
