//! The form for a report, or for newsletters alone, as pages show it.

use std::borrow::Cow;

use serde::Serialize;

use super::form_parts::{OfferBox, PolicyLink};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::submitted_form::form_name;
use crate::web::form::form_context::FormContext;
use crate::web::http::fields::FieldError;
use crate::web::state::catalog::Offer;

/// The form: blank, or as it was refused.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct ShownForm<'a> {
    /// Where it posts; empty for the address of its page, with the query there.
    pub(super) action: String,
    /// What its button says.
    pub(super) button: &'static str,
    /// What stands at the field for the address.
    pub(super) email_hint: Cow<'static, str>,
    /// What stands under the button.
    pub(super) next: &'static str,
    pub(super) values: Values<'a>,
    pub(super) required: Required,
    pub(super) errors: Vec<FieldError>,
    pub(super) policy: PolicyLink<'a>,
    pub(super) consent: PolicyBox<'a>,
    pub(super) newsletters: Vec<OfferBox<'a>>,
    pub(super) purposes: Vec<OfferBox<'a>>,
    pub(super) newsletter_only: bool,
    /// The SHA-256 of the blank form that its page shows; empty in that document itself.
    pub(super) blank: &'a str,
    /// The name of the form, where it asks for a bot check. No part of that document, for it comes and goes.
    pub(super) check: Option<String>,
}

/// What was typed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(in crate::web) struct Values<'a> {
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) organisation: &'a str,
    pub(super) job_title: &'a str,
}

/// What must be typed besides the address.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web) struct Required {
    pub(super) name: bool,
    pub(super) organisation: bool,
    pub(super) job_title: bool,
}

/// The box of the privacy policy.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web) struct PolicyBox<'a> {
    pub(super) words: &'a str,
    pub(super) checked: bool,
}

/// What stood in a refused form, and what to do about it.
pub(super) struct Refused<'a> {
    pub(super) values: Values<'a>,
    pub(super) consent: bool,
    pub(super) ticked: Vec<Purpose>,
    pub(super) errors: Vec<FieldError>,
}

/// What a form shows: blank, or as it was refused.
pub(super) fn page_form<'a>(
    context: &FormContext<'a>,
    refused: Option<Refused<'a>>,
) -> ShownForm<'a> {
    let report = context.report;
    let boxes = |field: &str| {
        let offers = context.offers.iter().filter(|offer| offer.field() == field);
        let ticked = |offer: &Offer| {
            refused.as_ref().is_some_and(|refused| refused.ticked.contains(&offer.purpose))
        };
        offers.map(|offer| OfferBox::new(offer, ticked(offer))).collect()
    };
    let (newsletters, purposes) = (boxes("newsletter"), boxes("purpose"));
    ShownForm {
        action: String::new(),
        button: context.button(),
        email_hint: context.email_hint(),
        next: context.next_words(),
        values: refused.as_ref().map_or_else(Values::default, |refused| refused.values),
        required: Required {
            name: report.is_some_and(|report| report.requires_name),
            organisation: report.is_some_and(|report| report.requires_organisation),
            job_title: report.is_some_and(|report| report.requires_job_title),
        },
        policy: PolicyLink::from(&**context.policy),
        consent: PolicyBox {
            words: &context.consent.words,
            checked: refused.as_ref().is_some_and(|refused| refused.consent),
        },
        newsletters,
        purposes,
        newsletter_only: report.is_none(),
        blank: "",
        check: None,
        errors: refused.map(|refused| refused.errors).unwrap_or_default(),
    }
}

impl<'a> ShownForm<'a> {
    /// The form where it stands on a page that takes none.
    pub(super) fn posting_to(self, action: String) -> Self {
        Self { action, ..self }
    }

    /// The form on a page that may ask for a bot check.
    pub(super) fn checking(self, context: &FormContext<'_>) -> Self {
        let name = || form_name(context.report.map(|report| &report.slug));
        Self { check: context.asks_check().then(name), ..self }
    }

    /// The form on a page that names the blank form of this hash as the one it shows.
    pub(super) fn naming(self, sha256: &'a str) -> Self {
        Self { blank: sha256, ..self }
    }
}

impl ShownForm<'_> {
    /// The blank form of a report.
    pub(super) fn sample() -> Self {
        Self {
            action: String::new(),
            button: "Email me the report",
            email_hint: "We send the link to the report to this address.".into(),
            next: "Next, look for our message.",
            values: Values::default(),
            required: Required { name: true, organisation: false, job_title: false },
            errors: vec![],
            policy: PolicyLink::sample(),
            consent: PolicyBox { words: "Example Press Ltd may hold my details.", checked: false },
            newsletters: OfferBox::samples(false),
            purposes: OfferBox::samples(false),
            newsletter_only: false,
            blank: "5a1f",
            check: None,
        }
    }

    /// The blank form for newsletters alone.
    pub(super) fn newsletter_sample() -> Self {
        Self { newsletter_only: true, ..Self::sample() }
    }

    /// The form with something wrong in every field.
    pub(super) fn refused(self) -> Self {
        let typed = "As typed";
        let fields = ["email", "name", "consent", "policy", "newsletter", "purpose", "form"];
        Self {
            action: "/reports/digital-councils?utm_source=newsletter".to_owned(),
            values: Values { email: typed, name: typed, organisation: typed, job_title: typed },
            errors: FieldError::samples(&fields),
            consent: PolicyBox { checked: true, ..self.consent },
            newsletters: OfferBox::samples(true),
            purposes: OfferBox::samples(true),
            check: Some("reports/digital-councils".to_owned()),
            ..self
        }
    }
}
