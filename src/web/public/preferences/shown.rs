//! What the page of somebody's choices shows.

use assent_ledger::event_type::EventType;
use serde::Serialize;

use crate::domain::timestamp::Timestamp;
use crate::templates::page::Page;
use crate::web::http::fields::FieldError;
use crate::web::public::form_parts::PolicyLink;

/// `public/preferences.html`.
#[derive(Serialize)]
pub(in crate::web) struct PreferencesPage<'a> {
    pub(super) token: &'a str,
    /// What was just done.
    pub(super) word: Option<&'a str>,
    pub(super) error: Option<FieldError>,
    pub(super) address: &'a str,
    pub(super) name: &'a str,
    /// What is kept ticked here is not agreed to anew: its own page shows today's words for that.
    pub(super) renew: Option<RenewLink>,
    pub(super) policy: PolicyLink<'a>,
    /// How far the events reached that it was filled from.
    pub(super) seen: i64,
    pub(super) purposes: Vec<ChoiceRow<'a>>,
    pub(super) any_in_force: bool,
    pub(super) without_policy: bool,
}

/// The page that asks again, and the first moment at which what was agreed to counts no more.
#[derive(Serialize)]
pub(super) struct RenewLink {
    pub(super) until: Timestamp,
    pub(super) url: String,
}

/// A purpose that can be agreed to, or was.
#[derive(Clone, Serialize)]
pub(super) struct ChoiceRow<'a> {
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    /// Whoever agreed reads the words they agreed to.
    pub(super) words: &'a str,
    /// What is on record in place of the words.
    pub(super) on_record: Option<&'a str>,
    /// Which words were shown, where they can be edited while the page is open.
    pub(super) notice: Option<&'a str>,
    pub(super) checked: bool,
    /// Whether its box can be ticked anew.
    pub(super) offered: bool,
    pub(super) state: Option<EventType>,
    /// What was brought in says itself since when it stands.
    pub(super) since: Option<Timestamp>,
    pub(super) policy_label: Option<&'a str>,
    pub(super) policy_url: Option<String>,
    pub(super) receipt_url: Option<String>,
}

impl ChoiceRow<'_> {
    /// What nobody agreed to yet.
    fn sample(code: &'static str) -> Self {
        Self {
            code,
            name: "The weekly",
            description: "What councils build.",
            words: "Send me the weekly.",
            on_record: None,
            notice: None,
            checked: false,
            offered: true,
            state: None,
            since: None,
            policy_label: None,
            policy_url: None,
            receipt_url: None,
        }
    }

    /// The row of what ended.
    fn withdrawn(self) -> Self {
        Self {
            state: Some(EventType::Withdrawn),
            since: Some(Timestamp::SAMPLE),
            receipt_url: Some("/preferences/TOKEN/receipts/1".to_owned()),
            ..self
        }
    }

    /// The row of what is in force.
    fn given(self) -> Self {
        Self {
            checked: true,
            state: Some(EventType::Given),
            policy_label: Some("2026-11"),
            policy_url: Some("/policies/privacy/2026-11".to_owned()),
            ..self.withdrawn()
        }
    }
}

impl Page for PreferencesPage<'_> {
    const TEMPLATE: &'static str = "public/preferences.html";

    fn samples() -> Vec<Self> {
        let policy = ChoiceRow::sample("privacy-policy");
        let weekly = ChoiceRow { offered: false, ..ChoiceRow::sample("newsletter:weekly") };
        let offers = ChoiceRow { notice: Some("5a1f"), ..ChoiceRow::sample("partner-offers") };
        let choices = [policy.clone().given(), weekly.clone().withdrawn(), offers];
        let page = |error: Option<&'static str>| Self {
            token: "TOKEN",
            word: None,
            error: error.map(|field| FieldError::new(field, "Do this instead")),
            address: "reader@council.example",
            name: "Ada Reader",
            renew: None,
            policy: PolicyLink::sample(),
            seen: 4,
            purposes: choices.to_vec(),
            any_in_force: error.is_none(),
            without_policy: false,
        };
        let brought_in = ChoiceRow { on_record: Some("Consent given elsewhere"), ..weekly.given() };
        let url = "https://reports.example.org/renew/TOKEN".to_owned();
        let mut samples = vec![
            page(None),
            Self {
                word: Some("Your choices are saved."),
                renew: Some(RenewLink { until: Timestamp::SAMPLE, url }),
                ..page(None)
            },
            Self { purposes: vec![policy, brought_in], without_policy: true, ..page(None) },
        ];
        samples.extend(["purpose", "policy", "confirm", "name"].map(|field| page(Some(field))));
        samples
    }
}
