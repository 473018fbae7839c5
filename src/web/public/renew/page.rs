//! What the pages show that ask again, and that thank.

use serde::Serialize;

use crate::domain::timestamp::Timestamp;
use crate::templates::page::Page;
use crate::web::public::form_parts::PolicyLink;
use crate::web::public::unconfirmed_form::MASKED_SAMPLE;

/// `public/renew.html`.
#[derive(Serialize)]
pub(in crate::web) struct RenewPage<'a> {
    pub(super) token: &'a str,
    /// The first moment at which what was agreed to counts no more.
    pub(super) until: Timestamp,
    pub(super) address: &'a str,
    pub(super) policy: PolicyLink<'a>,
    /// What each version changed since the one agreed to, oldest first, as they came.
    pub(super) changes: Vec<&'a str>,
    pub(super) comparison_url: Option<String>,
    pub(super) purposes: Vec<AskedPurpose<'a>>,
    /// What is sent of them, by name.
    pub(super) keep: Vec<String>,
    pub(super) leave_url: String,
    pub(super) error: Option<String>,
}

/// What is asked for again, with its box.
#[derive(Clone, Serialize)]
pub(super) struct AskedPurpose<'a> {
    pub(super) code: &'a str,
    pub(super) name: String,
    pub(super) words: &'a str,
    pub(super) notice: &'a str,
    pub(super) checked: bool,
    pub(super) until: Timestamp,
    pub(super) since: Timestamp,
    /// The words agreed to, where they are others.
    pub(super) before: Option<&'a str>,
    /// Whether these are no words agreed to, but what is on record in their place.
    pub(super) on_record: bool,
}

impl AskedPurpose<'_> {
    fn sample(code: &'static str, name: &str) -> Self {
        Self {
            code,
            name: name.to_owned(),
            words: "I agree.",
            notice: "5a1f",
            checked: false,
            until: Timestamp::SAMPLE,
            since: Timestamp::SAMPLE,
            before: None,
            on_record: false,
        }
    }
}

impl Page for RenewPage<'_> {
    const TEMPLATE: &'static str = "public/renew.html";

    fn samples() -> Vec<Self> {
        let policy = AskedPurpose::sample("privacy-policy", "Privacy policy");
        let weekly = AskedPurpose {
            before: Some("Send me the weekly."),
            checked: true,
            ..AskedPurpose::sample("newsletter:weekly", "The weekly")
        };
        let offers = AskedPurpose {
            before: Some("Consent given elsewhere"),
            on_record: true,
            ..AskedPurpose::sample("partner-offers", "Partner offers")
        };
        let page = |purposes: &[AskedPurpose<'static>]| Self {
            token: "TOKEN",
            until: Timestamp::SAMPLE,
            address: MASKED_SAMPLE,
            policy: PolicyLink::sample(),
            changes: vec!["We keep your details for two years."],
            comparison_url: Some("/policies/privacy/2026-11/changes?since=2024-01".to_owned()),
            purposes: purposes.to_vec(),
            keep: purposes.iter().skip(1).map(|asked| asked.name.clone()).collect(),
            leave_url: "/unsubscribe/TOKEN".to_owned(),
            error: None,
        };
        let refused = Self {
            changes: vec![],
            comparison_url: None,
            error: Some("Tick Privacy policy as well".to_owned()),
            ..page(&[policy.clone(), weekly.clone(), offers])
        };
        vec![page(std::slice::from_ref(&policy)), page(&[policy, weekly]), refused]
    }
}

/// `public/renewed.html`.
#[derive(Serialize)]
pub(in crate::web) struct RenewedPage<'a> {
    pub(super) token: &'a str,
    pub(super) policy: PolicyLink<'a>,
    /// What was agreed to again, by name.
    pub(super) purposes: Vec<String>,
    pub(super) left: Vec<LeftPurpose>,
    pub(super) error: Option<String>,
}

/// What was not ticked, and ends by itself.
#[derive(Serialize)]
pub(super) struct LeftPurpose {
    pub(super) name: String,
    pub(super) until: Timestamp,
}

impl Page for RenewedPage<'_> {
    const TEMPLATE: &'static str = "public/renewed.html";

    fn samples() -> Vec<Self> {
        let page = |purposes: &[&str]| Self {
            token: "TOKEN",
            policy: PolicyLink::sample(),
            purposes: purposes.iter().map(|name| (*name).to_owned()).collect(),
            left: vec![],
            error: None,
        };
        let left = LeftPurpose { name: "The weekly".to_owned(), until: Timestamp::SAMPLE };
        let refused = Self {
            left: vec![left],
            error: Some("Something that you ticked has ended meanwhile".to_owned()),
            ..page(&["Privacy policy"])
        };
        vec![page(&["Privacy policy", "The weekly"]), page(&[]), refused]
    }
}
