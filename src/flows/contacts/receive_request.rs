//! A complaint about data protection arrives (Data Protection Act 2018 s. 164A), or staff enter what people asked for by
//! letter, by telephone or in another way.

use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{
    LetterTemplate, LetterWay, RequestChannel, RequestKind,
};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::request_text::RequestText;
use crate::domain::contacts::request_times::{Answering, acknowledge_by};
use crate::domain::mail::outbox::MailKind;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::{Act, Case, Error, FlowSettings};
use crate::store::Tx;
use crate::store::contacts::privacy_requests::{self, NewPrivacyRequest};
use crate::store::contacts::request_letters::{self, NewRequestLetter};
use crate::store::mail::limited_mails::{self, LimitedMail, LimitedMails};

/// Who complains, as the audit names whoever is not signed in.
pub const PUBLIC: &str = "public";

/// What somebody wants, as it was written down.
pub struct Received<'a> {
    /// What they want.
    pub kind: RequestKind,
    /// How it reached us.
    pub channel: RequestChannel,
    /// Who they are, where they said so.
    pub name: Option<&'a Line>,
    /// Where they are answered, where that is by email.
    pub email: Option<&'a EmailAddress>,
    /// What they wrote, or what staff noted of it.
    pub words: Option<&'a RequestText>,
    /// When it reached us.
    pub received_at: Timestamp,
    /// The form that it was written on: sent again, it is the same request.
    pub form_id: Uuid,
}

impl Received<'_> {
    /// What it is called: the same for the same form with the same words on it.
    fn reference(&self, settings: &FlowSettings) -> RequestReference {
        let name = self.name.map_or("", Line::as_str);
        let email = self.email.map_or("", EmailAddress::as_str);
        let words = self.words.map_or("", RequestText::as_str);
        let hash = settings.address_secret.request_reference(self.form_id, [name, email, words]);
        RequestReference::from_hash(&hash)
    }
}

/// Writes a complaint down that came by the form, and decides the mail that says so. That repeats nothing of what was
/// typed, for anybody may type anybody's address; it is one of those that the mailbox's limit counts, and the same is
/// written whatever is known of the address. What whoever complains is told by.
///
/// # Errors
/// When the database does not take it.
pub async fn receive_complaint(
    tx: &mut Tx,
    case: Case<'_>,
    (complaint, email): (&Received<'_>, &EmailAddress),
) -> Result<RequestReference, Error> {
    let act = Act::new(case.at.clone(), PUBLIC);
    let (id, outbox_id) = (case.at.new_id(), case.at.new_id());
    let Some(reference) = insert(tx, &act, case.settings, (id, complaint)).await? else {
        return Ok(complaint.reference(case.settings));
    };
    let letter = NewRequestLetter {
        request_letter_id: case.at.new_id(),
        privacy_request_id: id,
        template: LetterTemplate::Received,
        way: LetterWay::Mail,
        words: None,
        outbox_id: Some(outbox_id),
        form_id: case.at.new_id(),
        written_by: PUBLIC,
    };
    request_letters::insert(tx, case.at.now, &letter).await?;
    let mail = LimitedMail {
        outbox_id,
        signup_id: None,
        subscriber_id: None,
        address_key: case.settings.address_secret.key(email),
        limiter_key: case.settings.address_secret.limiter_key(email),
        replaces: None,
        idle: None,
        request_id: case.at.request_id().cloned(),
    };
    let (kind, limit) = (MailKind::RequestReceived, &case.settings.mail_limit);
    limited_mails::insert_all(tx, case.at.now, LimitedMails { kind, limit, rows: &[&mail] })
        .await?;
    act.audit(tx, Action::RequestReceive, &json!({"reference": reference})).await?;
    Ok(reference)
}

/// Writes a request down that staff enter, and returns its key; sent again, its form leads to the one that it entered.
///
/// # Errors
/// When the database does not take it.
pub async fn enter_request(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    request: &Received<'_>,
) -> Result<Option<Uuid>, Error> {
    let id = act.at.new_id();
    let Some(reference) = insert(tx, act, settings, (id, request)).await? else {
        return Ok(privacy_requests::find_id(tx, &request.reference(settings)).await?);
    };
    let detail = json!({"reference": reference, "kind": request.kind.as_str(),
                        "channel": request.channel.as_str()});
    act.audit(tx, Action::RequestAdd, &detail).await?;
    Ok(Some(id))
}

/// Writes it down under this key, with the times until when it is to be answered; `None` when it was before.
async fn insert(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    (privacy_request_id, request): (Uuid, &Received<'_>),
) -> Result<Option<RequestReference>, Error> {
    let reference = request.reference(settings);
    let address = request.email.map(|email| {
        let mac = settings.evidence_key.privacy_request(privacy_request_id, email.as_str());
        (email, settings.address_secret.key(email), mac)
    });
    let received_at = request.received_at;
    let is_complaint = request.kind == RequestKind::Complaint;
    let answering = Answering { received_at, is_extended: false, paused_days: 0 };
    let new = NewPrivacyRequest {
        privacy_request_id,
        reference: &reference,
        kind: request.kind,
        channel: request.channel,
        name: request.name.map(Line::as_str),
        address: address.as_ref().map(|(email, key, mac)| (*email, key, &mac[..])),
        words: request.words.map(RequestText::as_str),
        received_at,
        acknowledge_by: is_complaint.then(|| acknowledge_by(received_at, &settings.timezone)),
        due_at: answering.due_at(&settings.timezone),
        created_by: &act.actor,
    };
    let is_new = privacy_requests::insert(tx, &act.at, &new).await?;
    Ok(is_new.then_some(reference))
}
