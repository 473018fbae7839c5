//! The page of one person.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::reports::Report;
use crate::store::contacts::subscribers::Subscriber;
use crate::store::signup::signup_sources::ConfirmedSource;
use crate::templates::page::Page;
use crate::web::choice::SelectOption;
use crate::web::console::contacts::subscribers::timeline::{Fact, TimelineEntry};
use crate::web::console::contacts::suppressions;
use crate::web::console::form::fault;
use crate::web::http::fields::FieldError;
use crate::web::people::answers::Answer;

/// `console/subscriber.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct SubscriberPage {
    pub person: Person,
    /// What they may be sent.
    pub allowed: Vec<String>,
    pub answers: Vec<Answer>,
    /// The ledger was not checked lately.
    pub unchecked: bool,
    pub suppressions: Vec<StoppedMail>,
    /// What they could leave.
    pub left: Vec<SelectOption<'static>>,
    /// Where they came from to each form that they confirmed.
    pub came_from: Vec<CameFrom>,
    pub timeline: Vec<TimelineEntry>,
    pub word: Option<&'static str>,
    pub errors: Vec<FieldError>,
}

/// Who it is, with the paths of their page and of what stops mail to them.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct Person {
    path: String,
    suppressions: String,
    id: Uuid,
    email: EmailAddress,
    name: Option<String>,
    organisation: Option<String>,
    job_title: Option<String>,
    verified_at: Timestamp,
    created_at: Timestamp,
}

/// Where they came from to one form.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct CameFrom {
    /// What is called so: the report, or nothing for the newsletters alone.
    report: Option<String>,
    confirmed_at: Timestamp,
    source: SignupSource,
}

impl CameFrom {
    pub(super) fn new(one: ConfirmedSource, reports: &[Report]) -> Self {
        let ConfirmedSource { report, confirmed_at, source } = one;
        let known = reports.iter().find(|known| Some(&known.slug) == report.as_ref());
        Self { report: known.map(|known| known.title.clone()), confirmed_at, source }
    }
}

/// Why mail to them is stopped; without a purpose it is all mail.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct StoppedMail {
    pub reason: SuppressionReason,
    #[serde(rename = "for")]
    pub purpose: Option<String>,
    pub since: Timestamp,
}

impl From<Subscriber> for Person {
    fn from(person: Subscriber) -> Self {
        Self {
            path: format!("/console/subscribers/{}", person.subscriber_id),
            suppressions: suppressions::look_up(&person.email),
            id: person.subscriber_id,
            email: person.email,
            name: person.name,
            organisation: person.organisation,
            job_title: person.job_title,
            verified_at: person.verified_at,
            created_at: person.created_at,
        }
    }
}

impl Page for SubscriberPage {
    const TEMPLATE: &'static str = "console/subscriber.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let email = EmailAddress::sample();
        let person = Person {
            path: "/console/subscribers/ID".to_owned(),
            suppressions: suppressions::look_up(&email),
            id: Uuid::nil(),
            email,
            name: Some("Ada Hughes".to_owned()),
            organisation: Some("Leeds City Council".to_owned()),
            job_title: Some("Officer".to_owned()),
            verified_at: at,
            created_at: at,
        };
        let answer = |kind| Answer {
            purpose: Purpose::privacy_policy(),
            title: "Privacy policy".to_owned(),
            kind,
            sentence: "They agreed.".to_owned(),
            in_force: kind != "no",
            receipt: Some("/console/receipts/ID".to_owned()),
        };
        let stopped = |reason, purpose: Option<&str>| StoppedMail {
            reason,
            purpose: purpose.map(str::to_owned),
            since: at,
        };
        let agreed = TimelineEntry {
            at,
            title: "Agreed".to_owned(),
            kind: "on",
            facts: vec![Fact { term: "Policy", text: "2026-11".to_owned() }],
            words: Some("I agree.".to_owned()),
            receipt: Some("/console/receipts/ID".to_owned()),
        };
        let mailed = TimelineEntry { facts: vec![], words: None, receipt: None, ..agreed.clone() };
        let full = Self {
            person: person.clone(),
            allowed: vec!["Weekly briefing".to_owned()],
            answers: vec![answer("yes"), answer("no"), answer("hold")],
            unchecked: true,
            suppressions: vec![
                stopped(SuppressionReason::Bounced, None),
                stopped(SuppressionReason::Unsubscribed, Some("Weekly briefing")),
            ],
            left: vec![SelectOption::new("privacy-policy", "Privacy policy")],
            came_from: vec![CameFrom {
                report: Some("Digital councils".to_owned()),
                confirmed_at: at,
                source: SignupSource::from_query("utm_source=newsletter&ref=front"),
            }],
            timeline: vec![agreed, mailed],
            word: Some("The withdrawal is recorded. A receipt is on its way to them."),
            errors: vec![fault("sure", "tick the box to say that they asked for this")],
        };
        let bare = Self {
            person: Person { name: None, organisation: None, job_title: None, ..person },
            allowed: vec![],
            unchecked: false,
            suppressions: vec![],
            left: vec![],
            came_from: vec![],
            word: None,
            errors: vec![],
            ..full.clone()
        };
        vec![full, bare]
    }
}
