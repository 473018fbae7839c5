//! The form for a report, or for newsletters alone, as pages show it.

use serde::Serialize;

use super::form_parts::{OfferBox, PolicyLink};
use crate::web::http::fields::FieldError;

/// The form: blank, or as it was refused.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct ShownForm<'a> {
    /// Where it posts.
    pub(super) action: String,
    /// What its button says.
    pub(super) button: &'static str,
    pub(super) values: Values<'a>,
    pub(super) required: Required,
    pub(super) errors: Vec<FieldError>,
    pub(super) policy: PolicyLink<'a>,
    pub(super) consent: PolicyBox<'a>,
    pub(super) newsletters: Vec<OfferBox<'a>>,
    pub(super) purposes: Vec<OfferBox<'a>>,
    pub(super) newsletter_only: bool,
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

impl ShownForm<'_> {
    /// The blank form of a report.
    pub(super) fn sample() -> Self {
        Self {
            action: "/reports/digital-councils".to_owned(),
            button: "Email me the report",
            values: Values::default(),
            required: Required { name: true, organisation: false, job_title: false },
            errors: vec![],
            policy: PolicyLink::sample(),
            consent: PolicyBox { words: "Example Press Ltd may hold my details.", checked: false },
            newsletters: OfferBox::samples(false),
            purposes: OfferBox::samples(false),
            newsletter_only: false,
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
            values: Values { email: typed, name: typed, organisation: typed, job_title: typed },
            errors: FieldError::samples(&fields),
            consent: PolicyBox { checked: true, ..self.consent },
            newsletters: OfferBox::samples(true),
            purposes: OfferBox::samples(true),
            ..self
        }
    }
}
