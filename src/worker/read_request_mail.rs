//! Mail about a complaint or a request, read when it is sent.

use super::WorkerParts;
use super::mail_content::{FoundContent, GONE, MailContent, SUPPRESSED};
use crate::domain::contacts::privacy_request::LetterTemplate;
use crate::domain::contacts::request_text::paragraphs;
use crate::mail::letters::contacts::{RequestLetterMail, RequestReceivedMail};
use crate::store::Tx;
use crate::store::contacts::{request_letters, suppressions};
use crate::store::mail::outbox::ClaimedMail;

/// Reads the letter that a claimed mail is, and whom it goes to.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    mail: &ClaimedMail,
) -> sqlx::Result<FoundContent> {
    let Some(letter) = request_letters::find_mailed(tx, mail.outbox_id).await? else {
        return Ok(FoundContent::Nothing(GONE));
    };
    let (Some(email), Some(address_key)) = (letter.email, letter.address_key) else {
        return Ok(FoundContent::Nothing(GONE));
    };
    let (id, mac) = (letter.privacy_request_id, letter.mac.as_deref());
    if let Err(error) = parts.settings.demand_own_request(id, email.as_str(), mac) {
        return Ok(FoundContent::Changed(error));
    }
    if suppressions::forbids(tx, &address_key, mail.kind, mail.created_at).await? {
        return Ok(FoundContent::Nothing(SUPPRESSED));
    }
    let (reference, received_at) = (letter.reference, letter.received_at);
    if letter.template == LetterTemplate::Received {
        let mail = RequestReceivedMail { reference, received_at };
        return Ok(FoundContent::Mail(MailContent::new(email, mail)));
    }
    let mail = RequestLetterMail {
        reference,
        kind: letter.kind.words(),
        received_at,
        paragraphs: paragraphs(letter.words.as_deref().unwrap_or_default()),
    };
    Ok(FoundContent::Mail(MailContent::new(email, mail)))
}
