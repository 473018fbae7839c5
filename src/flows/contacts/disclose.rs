//! Everything held of one person, in one document (GDPR Art. 15, 20).

use std::collections::BTreeMap;

use assent_ledger::event_type::EventType;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::how_given::HowGiven;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{
    LetterTemplate, LetterWay, RequestChannel, RequestKind, RequestOutcome,
};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::catalog::purposes;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::contacts::privacy_requests;
use crate::store::contacts::request_letters::{self, RequestLetter};
use crate::store::contacts::subject_access::{
    self, HeldBounce, HeldEvent, HeldGrant, HeldMail, HeldSignup, HeldSuppression, HeldWebhook,
};
use crate::store::contacts::subscribers::Subscriber;

/// The document. Each event carries its evidence whole; receipts are found by its key.
#[derive(Clone, Debug, Serialize)]
pub struct PersonalData {
    /// The moment as of which it is so.
    pub generated_at: Timestamp,
    /// Who they are; none where nothing is held of them.
    pub subscriber: Option<PersonalDetails>,
    /// What they agreed to, and the events that made it so.
    #[serde(flatten)]
    pub agreed: AgreedData,
    /// The forms they sent, newest first.
    pub signups: Vec<HeldSignup>,
    /// Their rights to reports, newest first.
    pub downloads: Vec<DownloadData>,
    /// The mails decided on for them, newest first.
    pub mails: Vec<HeldMail>,
    /// The mails to them that came back, newest first.
    pub bounces: Vec<HeldBounce>,
    /// What other programs were told of them by webhooks, newest first.
    pub webhooks: Vec<HeldWebhook>,
    /// What suppresses their address.
    pub suppressions: Vec<HeldSuppression>,
    /// What they complained of or asked for, newest first.
    pub requests: Vec<RequestData>,
    /// What is named by its code or its slug in all of that, as people know it.
    pub names: Names,
}

/// What purposes and reports are called at present.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Names {
    /// Of each purpose, by its code.
    pub purposes: BTreeMap<Purpose, String>,
    /// The title of each report, by its slug.
    pub reports: BTreeMap<Slug, String>,
}

/// One complaint or request of theirs, and what was written to them.
#[derive(Clone, Debug, Serialize)]
pub struct RequestData {
    /// What they know it by.
    pub reference: RequestReference,
    /// What they wanted.
    pub kind: RequestKind,
    /// How it reached us.
    pub channel: RequestChannel,
    /// Whose name was given.
    pub name: Option<String>,
    /// What they wrote, or what was noted of it.
    pub words: Option<String>,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Until when it is to be answered, while it is not.
    pub due_at: Option<Timestamp>,
    /// Why that takes longer.
    pub extension_reason: Option<String>,
    /// Since when it waits for proof of who they are.
    pub paused_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<RequestOutcome>,
    /// What was done.
    pub outcome_note: Option<String>,
    /// What was written to them, the oldest first.
    pub letters: Vec<LetterData>,
}

/// One letter to them.
#[derive(Clone, Debug, Serialize)]
pub struct LetterData {
    /// What it is for.
    pub letter: LetterTemplate,
    /// How it leaves.
    pub way: LetterWay,
    /// When it was written.
    pub written_at: Timestamp,
    /// What it says; nothing where the program wrote it.
    pub words: Option<String>,
}

/// Who somebody is.
#[derive(Clone, Debug, Serialize)]
pub struct PersonalDetails {
    /// Their key.
    pub subscriber_id: Uuid,
    /// Their address.
    pub email: EmailAddress,
    /// Their name, where they gave one.
    pub name: Option<String>,
    /// Where they work, where they said so.
    pub organisation: Option<String>,
    /// What they do there, where they said so.
    pub job_title: Option<String>,
    /// When the address was confirmed last.
    pub verified_at: Timestamp,
    /// When it was confirmed first.
    pub created_at: Timestamp,
}

/// What somebody agreed to, and the events that made it so.
#[derive(Clone, Debug, Serialize)]
pub struct AgreedData {
    /// How each consent stands.
    pub consents: Vec<ConsentData>,
    /// What happened, in the order of the ledger.
    pub events: Vec<EventData>,
}

/// How one consent stands, and what it rests on.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentData {
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: EventType,
    /// The words it rested on.
    pub words: String,
    /// Their hash.
    pub notice_sha256: String,
    /// The label of the policy it rested on.
    pub policy_version: Label,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// The report of the form that consented.
    pub report: Option<Slug>,
    /// The page of that form.
    pub source: String,
    /// By which its receipt is found.
    pub receipt_id: Uuid,
    /// Where the person themselves finds it; not told to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
}

/// One event, and of its evidence what people ask for first.
#[derive(Clone, Debug, Serialize)]
pub struct EventData {
    /// Its key.
    pub event_id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// How it was made.
    #[serde(flatten)]
    pub how: HowGiven,
    /// The label of the policy shown.
    pub policy_version: Option<String>,
    /// The words shown.
    pub words: Option<String>,
    /// The evidence whole; null where it was erased.
    pub evidence: Value,
}

/// One right to a report, and when it was used.
#[derive(Clone, Debug, Serialize)]
pub struct DownloadData {
    /// The report.
    pub report: Slug,
    /// When it was given.
    pub granted_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Downloads counted.
    pub used: i64,
    /// Downloads allowed.
    pub limit: i64,
    /// When they began.
    pub starts: Vec<Timestamp>,
}

impl PersonalData {
    /// The document as a file for people: JSON, its names in order.
    ///
    /// # Errors
    /// Never, as far as is known: all that it holds can be written as JSON.
    pub fn to_file(&self) -> Result<String, Error> {
        let document = serde_json::to_value(self)?;
        Ok(serde_json::to_string_pretty(&document)?)
    }
}

/// Reads the document.
///
/// # Errors
/// When the database does not answer, or holds evidence that cannot be read.
pub async fn disclose(tx: &mut Tx, now: Timestamp, of: &Subscriber) -> Result<PersonalData, Error> {
    let id = of.subscriber_id;
    let agreed = disclose_consents(tx, of).await?;
    let starts = subject_access::list_starts(tx, id).await?;
    let grants = subject_access::list_grants(tx, id).await?;
    let suppressions = subject_access::list_suppressions(tx, &of.address_key).await?;
    let names = Names {
        purposes: name_purposes(tx, &agreed, &suppressions).await?,
        reports: subject_access::list_titles(tx, of).await?.into_iter().collect(),
    };
    Ok(PersonalData {
        generated_at: now,
        subscriber: Some(PersonalDetails {
            subscriber_id: id,
            email: of.email.clone(),
            name: of.name.clone(),
            organisation: of.organisation.clone(),
            job_title: of.job_title.clone(),
            verified_at: of.verified_at,
            created_at: of.created_at,
        }),
        agreed,
        signups: subject_access::list_signups(tx, &of.address_key).await?,
        downloads: grants.into_iter().map(|grant| download(grant, &starts)).collect(),
        mails: subject_access::list_mails(tx, of).await?,
        bounces: subject_access::list_bounces(tx, of).await?,
        webhooks: subject_access::list_webhooks(tx, id).await?,
        suppressions,
        requests: disclose_requests(tx, &of.address_key).await?,
        names,
    })
}

/// What the purposes of the document are called.
async fn name_purposes(
    tx: &mut Tx,
    agreed: &AgreedData,
    suppressions: &[HeldSuppression],
) -> Result<BTreeMap<Purpose, String>, Error> {
    let is_held = |purpose: &Purpose| {
        agreed.events.iter().any(|event| event.purpose == *purpose)
            || agreed.consents.iter().any(|consent| consent.purpose == *purpose)
            || suppressions.iter().any(|barred| barred.purpose == purpose.as_str())
    };
    let named = |(purpose, name): (Purpose, Option<String>)| {
        let name = purpose.named(name.as_deref());
        (purpose, name)
    };
    let all = purposes::list_named(tx).await?.into_iter();
    Ok(all.filter(|(purpose, _)| is_held(purpose)).map(named).collect())
}

/// What they complained of or asked for, and what was written to them. Nobody looked whether a form came from whoever owns
/// the address that was typed in it, so its words and its name may be another's, and are not shown.
async fn disclose_requests(tx: &mut Tx, key: &AddressKey) -> Result<Vec<RequestData>, Error> {
    let mut disclosed = Vec::new();
    for request in privacy_requests::list_of(tx, key).await? {
        let letters = request_letters::list(tx, request.privacy_request_id).await?;
        let letter = |one: RequestLetter| LetterData {
            letter: one.template,
            way: one.way,
            written_at: one.written_at,
            words: one.words,
        };
        let is_theirs = request.channel != RequestChannel::Form;
        disclosed.push(RequestData {
            due_at: Some(request.due_at).filter(|_| request.closed_at.is_none()),
            reference: request.reference,
            kind: request.kind,
            channel: request.channel,
            name: request.name.filter(|_| is_theirs),
            words: request.words.filter(|_| is_theirs),
            received_at: request.received_at,
            extension_reason: request.extension_reason,
            paused_at: request.paused_at,
            closed_at: request.closed_at,
            outcome: request.outcome,
            outcome_note: request.outcome_note,
            letters: letters.into_iter().map(letter).collect(),
        });
    }
    Ok(disclosed)
}

/// What they agreed to, and the events that made it so.
///
/// # Errors
/// When the database does not answer, or holds evidence that cannot be read.
pub async fn disclose_consents(tx: &mut Tx, of: &Subscriber) -> Result<AgreedData, Error> {
    let consents = consents::list(tx, of.subscriber_id).await?;
    let events = subject_access::list_events(tx, of).await?;
    Ok(AgreedData {
        consents: consents.into_iter().map(consent).collect(),
        events: events.iter().map(event).collect::<Result<_, _>>()?,
    })
}

fn consent(standing: CurrentConsent) -> ConsentData {
    ConsentData {
        purpose: standing.purpose,
        state: standing.state,
        words: standing.words,
        notice_sha256: standing.sha256,
        policy_version: standing.policy_label,
        requested_at: standing.requested_at,
        confirmed_at: standing.confirmed_at,
        report: standing.report,
        source: standing.source,
        receipt_id: standing.event_id,
        receipt_url: None,
    }
}

fn event(event: &HeldEvent) -> Result<EventData, Error> {
    let evidence = event.evidence()?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    Ok(EventData {
        event_id: event.event_id,
        event_type: event.event_type,
        purpose: event.purpose.clone(),
        recorded_at: event.recorded_at,
        how: HowGiven::read(&evidence),
        policy_version: text(&evidence["policy"]["label"]),
        words: text(&evidence["notice"]["text"]),
        evidence,
    })
}

fn download(grant: HeldGrant, starts: &[(Uuid, Timestamp)]) -> DownloadData {
    let mine = starts.iter().filter(|(id, _)| *id == grant.download_grant_id);
    DownloadData {
        report: grant.report,
        granted_at: grant.granted_at,
        expires_at: grant.expires_at,
        used: grant.used,
        limit: grant.limit,
        starts: mine.map(|(_, at)| *at).collect(),
    }
}
