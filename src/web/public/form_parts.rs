//! Parts of forms, as pages show them: the boxes, what is on record in place of their words, and the link to the policy.

use serde::Serialize;

use crate::domain::contacts::imported_contact::ImportedWords;
use crate::domain::timestamp::Timestamp;
use crate::store::consent::consents::CurrentConsent;
use crate::store::policy::versions::PolicyVersion;
use crate::web::state::catalog::Offer;

/// The box of a newsletter, or of a purpose of the operator's own.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct OfferBox<'a> {
    /// What it sends when it is ticked.
    value: &'a str,
    name: &'a str,
    words: &'a str,
    /// The hash of the words, where they can be edited while the page is open.
    notice: Option<&'a str>,
    checked: bool,
}

impl<'a> OfferBox<'a> {
    pub(super) fn new(offer: &'a Offer, checked: bool) -> Self {
        Self {
            value: offer.value(),
            name: &offer.name,
            words: &offer.notice.words,
            notice: offer.shown_hash(),
            checked,
        }
    }

    /// The box with the words that were ticked before, and their hash.
    pub(super) fn worded(self, words: &'a str, sha256: &'a str) -> Self {
        Self { words, notice: self.notice.map(|_| sha256), ..self }
    }

    /// A newsletter's, and one of the operator's own, which is not ticked.
    pub(super) fn samples(checked: bool) -> Vec<Self> {
        let weekly = Self {
            value: "weekly",
            name: "The weekly",
            words: "Send me the weekly.",
            notice: None,
            checked,
        };
        let offers = Self {
            value: "partner-offers",
            name: "Partner offers",
            words: "Send me offers.",
            notice: Some("5a1f"),
            checked: false,
        };
        vec![weekly, offers]
    }
}

/// What is on record in place of the words that somebody agreed to elsewhere, where nobody kept these.
pub(super) fn on_record(standing: &CurrentConsent) -> Option<&str> {
    let words = standing.words.as_str();
    ImportedWords::are_unknown(words).then_some(words)
}

/// A version of the privacy policy, as pages link to it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct PolicyLink<'a> {
    label: &'a str,
    date: Timestamp,
    url: String,
}

impl<'a> PolicyLink<'a> {
    fn new(label: &'a str, date: Timestamp) -> Self {
        Self { label, date, url: format!("/policies/privacy/{label}") }
    }

    pub(super) fn sample() -> Self {
        Self::new("2026-11", Timestamp::SAMPLE)
    }

    pub(super) fn older_sample() -> Self {
        Self::new("2024-01", Timestamp::SAMPLE)
    }
}

impl<'a> From<&'a PolicyVersion> for PolicyLink<'a> {
    fn from(policy: &'a PolicyVersion) -> Self {
        Self::new(policy.label.as_str(), policy.published_at)
    }
}
