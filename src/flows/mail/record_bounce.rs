//! A mail came back. No mail ever follows from it, so nothing can go round in circles.

use uuid::Uuid;

use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::bounce::news::News;
use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::form_state::Method;
use crate::flows::consent::withdraw::{Leaving, leave};
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::{subscribers, suppressions};
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
    at: &Moment,
    settings: &FlowSettings,
    outbox_id: Uuid,
    bounce: Bounce,
) -> Result<Recorded, Error> {
    let Some(addressee) = bounces::find_addressee(tx, outbox_id).await? else {
        return Ok(Recorded::Unknown);
    };
    record(tx, at, settings, (outbox_id, &addressee), bounce).await?;
    Ok(Recorded::Recorded)
}

/// The same for what a message says: hard is only what it says of the very address that the mail went to. Returns
/// what that is; `None` when the mail is not known any more.
///
/// # Errors
/// When the database does not take it; then nothing is written.
pub async fn record_news(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    outbox_id: Uuid,
    news: &News,
) -> Result<Option<Bounce>, Error> {
    let Some(addressee) = bounces::find_addressee(tx, outbox_id).await? else { return Ok(None) };
    let bounce = news.about(|address| match &addressee.address_key {
        Some(mailed) => *mailed == settings.address_secret.key(address),
        // Of a mail to an address of the settings nothing follows.
        None => true,
    });
    record(tx, at, settings, (outbox_id, &addressee), bounce).await?;
    Ok(Some(bounce))
}

async fn record(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    (outbox_id, addressee): (Uuid, &Addressee),
    bounce: Bounce,
) -> Result<(), Error> {
    // Before the mail is touched, as an erasure does: so neither waits for the other in turn.
    let subscriber = match addressee.subscriber_id {
        Some(subscriber_id) => subscribers::lock(tx, subscriber_id).await?,
        None => None,
    };
    if !bounces::insert(tx, at, outbox_id, bounce).await? {
        return Ok(());
    }
    let Some(address_key) = &addressee.address_key else { return Ok(()) };
    let reason = match bounce.kind {
        BounceKind::Soft => return Ok(()),
        BounceKind::Hard => SuppressionReason::Bounced,
        BounceKind::Complaint => SuppressionReason::Complained,
    };
    suppressions::insert(tx, at.now, address_key, reason, None).await?;
    if (addressee.kind, bounce.kind) == (MailKind::Confirm, BounceKind::Hard) {
        suppressions::mark_tried(tx, at.now, address_key).await?;
    }
    if let (Some(subscriber), BounceKind::Complaint) = (&subscriber, bounce.kind) {
        leave(tx, at, settings, subscriber, &Leaving::Writing, (Method::Program, SOURCE)).await?;
    }
    Ok(())
}
