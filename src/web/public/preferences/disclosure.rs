//! `/preferences/{token}/my-data`: everything held, to read and to take along.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use assent_ledger::event_type::EventType;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::how_given::HowGiven;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{
    LetterTemplate, LetterWay, RequestChannel, RequestKind, RequestOutcome,
};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::bounce::BounceKind;
use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::signup::submitted_form::Method;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::disclose::{
    AgreedData, ConsentData, DownloadData, EventData, LetterData, Names, PersonalData,
    PersonalDetails, RequestData, disclose,
};
use crate::store::contacts::subject_access::{
    HeldBounce, HeldMail, HeldSignup, HeldSuppression, HeldWebhook,
};
use crate::templates::page::Page;
use crate::web::headers::UNLISTED;
use crate::web::public::preferences::agreed::{AgreedRow, places, rows};
use crate::web::public::preferences::page::find;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/preferences/{token}/my-data", get(show))
        .route("/preferences/{token}/my-data.json", get(file))
}

async fn data(app: &App, token: &str) -> Result<PersonalData, Error> {
    let mut tx = app.db.read().await?;
    let subscriber = find(app, &mut tx, token).await?;
    let mut data = disclose(&mut tx, app.clock.now(), &subscriber).await?;
    let receipts = format!("{}/preferences/{token}/receipts", app.links.base_url);
    for consent in &mut data.agreed.consents {
        consent.receipt_url = Some(format!("{receipts}/{}.jws", consent.receipt_id));
    }
    Ok(data)
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let data = data(&app, &token).await?;
    app.page(&MyDataPage::new(&token, &data))
}

async fn file(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, Error> {
    let text = data(&app, &token).await?.to_file()?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
    ];
    Ok((headers, [UNLISTED], text).into_response())
}

/// `public/my_data.html`.
#[derive(Serialize)]
pub(in crate::web) struct MyDataPage<'a> {
    token: &'a str,
    data: &'a PersonalData,
    agreed: Vec<AgreedRow<'a>>,
    /// Where something was chosen, in words, by what evidence calls it.
    places: BTreeMap<&'a str, String>,
}

impl<'a> MyDataPage<'a> {
    fn new(token: &'a str, data: &'a PersonalData) -> Self {
        Self { token, data, agreed: rows(&data.agreed), places: places(data) }
    }
}

impl Page for MyDataPage<'_> {
    const TEMPLATE: &'static str = "public/my_data.html";

    fn samples() -> Vec<Self> {
        static SAMPLES: LazyLock<[PersonalData; 2]> = LazyLock::new(|| [sample_data(), nothing()]);
        SAMPLES.each_ref().map(|data| Self::new("TOKEN", data)).into()
    }
}

fn nothing() -> PersonalData {
    PersonalData {
        generated_at: Timestamp::SAMPLE,
        subscriber: None,
        agreed: AgreedData { consents: vec![], events: vec![] },
        signups: vec![],
        downloads: vec![],
        mails: vec![],
        bounces: vec![],
        webhooks: vec![],
        suppressions: vec![],
        requests: vec![],
        names: Names::default(),
    }
}

/// All that there can be.
fn sample_data() -> PersonalData {
    let (at, id) = (Timestamp::SAMPLE, Uuid::nil());
    let some = || Some("Something".to_owned());
    PersonalData {
        generated_at: at,
        subscriber: Some(PersonalDetails {
            subscriber_id: id,
            email: EmailAddress::sample(),
            name: some(),
            organisation: some(),
            job_title: some(),
            verified_at: at,
            created_at: at,
        }),
        agreed: sample_agreed(),
        signups: ["/newsletters", "/downloads"].map(sample_signup).into(),
        downloads: vec![DownloadData {
            report: Slug::sample(),
            granted_at: at,
            expires_at: at,
            used: 1,
            limit: 20,
            starts: vec![at],
        }],
        mails: vec![HeldMail { kind: MailKind::Confirm, state: OutboxState::Sent, created_at: at }],
        bounces: vec![HeldBounce {
            mail: MailKind::Confirm,
            kind: BounceKind::Soft,
            status: Some("4.2.2".to_owned()),
            received_at: at,
        }],
        webhooks: vec![webhook("consent.given", Some(at)), webhook("mail.bounced", None)],
        suppressions: vec![
            suppression(SuppressionReason::Unsubscribed, "partner-offers", None),
            suppression(SuppressionReason::NotMe, "*", None),
            suppression(SuppressionReason::Bounced, "*", Some("Mailchimp")),
        ],
        requests: vec![request(None), request(Some(at))],
        names: Names {
            purposes: [(Purpose::newsletter(&Slug::sample()), "The weekly".to_owned())].into(),
            reports: [(Slug::sample(), "Digital councils".to_owned())].into(),
        },
    }
}

fn sample_signup(source: &str) -> HeldSignup {
    let some = || Some("Something".to_owned());
    HeldSignup {
        signup_id: Uuid::nil(),
        email: "reader@council.example".to_owned(),
        name: some(),
        organisation: some(),
        job_title: some(),
        report: Some(Slug::sample()),
        status: "confirmed".to_owned(),
        method: Method::Form,
        source: source.to_owned(),
        created_at: Timestamp::SAMPLE,
        confirmed_at: Some(Timestamp::SAMPLE),
        came_from: SignupSource::from_query("utm_source=newsletter&ref=front"),
    }
}

/// One that was brought along and stands, and one that ended, given in all ways.
fn sample_agreed() -> AgreedData {
    let weekly = Purpose::newsletter(&Slug::sample());
    let privacy = Purpose::privacy_policy;
    let left = HowGiven {
        method: Some("form".to_owned()),
        source: Some("/preferences".to_owned()),
        ..HowGiven::default()
    };
    let given = |purpose: Purpose, how| sample_event(purpose, EventType::Given, how);
    let mut events: Vec<EventData> = all_ways().map(|how| given(privacy(), how)).collect();
    events.push(given(weekly.clone(), HowGiven::sample()));
    events.push(sample_event(weekly.clone(), EventType::Withdrawn, left));
    let consents = vec![
        sample_consent(privacy(), EventType::Given),
        sample_consent(weekly, EventType::Withdrawn),
    ];
    AgreedData { consents, events }
}

fn sample_consent(purpose: Purpose, state: EventType) -> ConsentData {
    let at = Timestamp::SAMPLE;
    ConsentData {
        purpose,
        state,
        words: "Send me the weekly.".to_owned(),
        notice_sha256: "5a1f".to_owned(),
        policy_version: Label::sample(),
        requested_at: at,
        confirmed_at: at,
        report: Some(Slug::sample()),
        source: "/newsletters".to_owned(),
        receipt_id: Uuid::nil(),
        receipt_url: Some("/preferences/TOKEN/receipts/1.jws".to_owned()),
    }
}

fn sample_event(purpose: Purpose, event_type: EventType, how: HowGiven) -> EventData {
    EventData {
        event_id: Uuid::nil(),
        event_type,
        purpose,
        recorded_at: Timestamp::SAMPLE,
        how,
        policy_version: Some(Label::sample().to_string()),
        words: Some("Something".to_owned()),
        evidence: json!({}),
    }
}

/// A request that is open, or closed at this moment.
fn request(closed_at: Option<Timestamp>) -> RequestData {
    let (at, words) = (Timestamp::SAMPLE, || Some("Something".to_owned()));
    RequestData {
        reference: RequestReference::sample(),
        kind: if closed_at.is_some() { RequestKind::Access } else { RequestKind::Complaint },
        channel: RequestChannel::Form,
        name: words(),
        words: words(),
        received_at: at,
        due_at: Some(at).filter(|_| closed_at.is_none()),
        extension_reason: words(),
        paused_at: Some(at).filter(|_| closed_at.is_none()),
        closed_at,
        outcome: closed_at.map(|_| RequestOutcome::Done),
        outcome_note: closed_at.and_then(|_| words()),
        letters: vec![
            LetterData {
                letter: LetterTemplate::Received,
                way: LetterWay::Mail,
                written_at: at,
                words: None,
            },
            LetterData {
                letter: LetterTemplate::Outcome,
                way: LetterWay::Post,
                written_at: at,
                words: words(),
            },
        ],
    }
}

fn webhook(event: &str, taken_at: Option<Timestamp>) -> HeldWebhook {
    let (program, happened_at) = ("The CRM of marketing".to_owned(), Timestamp::SAMPLE);
    HeldWebhook { program, event: event.to_owned(), happened_at, taken_at }
}

/// In which choices are made: by a form of ours, by those of other sites, and by none.
fn all_ways() -> impl Iterator<Item = HowGiven> {
    let brought = HowGiven { method: Some("import".to_owned()), ..HowGiven::default() };
    std::iter::once(HowGiven::sample()).chain(HowGiven::elsewhere_samples()).chain([brought])
}

fn suppression(reason: SuppressionReason, purpose: &str, source: Option<&str>) -> HeldSuppression {
    HeldSuppression {
        reason,
        purpose: purpose.to_owned(),
        since: Timestamp::SAMPLE,
        source: source.map(ToOwned::to_owned),
    }
}
