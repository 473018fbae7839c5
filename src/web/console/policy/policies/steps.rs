//! What the two steps to the next version show: the editor, and the preview.

use serde::Serialize;

use crate::domain::policy::text_difference::{Fate, Passage, Piece};
use crate::domain::policy::version::ChangeClass;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::http::fields::Fields;

/// What was typed so far.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Typed<'a> {
    pub label: &'a str,
    pub text: &'a str,
    pub change: &'a str,
    pub changes: &'a str,
    pub until: &'a str,
}

impl<'a> Typed<'a> {
    pub(super) fn from_fields(fields: &'a Fields) -> Self {
        Self {
            label: fields.one("label").trim(),
            text: fields.text("text"),
            change: fields.one("change"),
            changes: fields.one("changes").trim(),
            until: fields.one("until").trim(),
        }
    }
}

impl Typed<'static> {
    fn sample(class: ChangeClass) -> Self {
        Self {
            label: "2027-03",
            text: "# Privacy\n\nWe keep little.",
            change: class.name(),
            changes: if class == ChangeClass::Editorial { "" } else { CHANGES },
            until: if class == ChangeClass::Reconsent { "2027-05-01" } else { "" },
        }
    }
}

/// What samples say of the change.
const CHANGES: &str = "We keep your details for two years, no longer for one.";

/// `console/policy_edit.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct PolicyEditPage<'a> {
    pub(super) typed: Typed<'a>,
    /// The label of the version in force.
    pub(super) newest: Option<&'a str>,
    pub(super) errors: Faults,
}

impl Page for PolicyEditPage<'_> {
    const TEMPLATE: &'static str = "console/policy_edit.html";

    fn samples() -> Vec<Self> {
        let errors = vec![fault("label", "Version 2027-03 is published already")];
        vec![
            Self { typed: Typed::sample(ChangeClass::Editorial), newest: None, errors: vec![] },
            Self { typed: Typed::sample(ChangeClass::Reconsent), newest: Some("2026-11"), errors },
        ]
    }
}

/// `console/policy_preview.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct PolicyPreviewPage<'a> {
    pub(super) typed: Typed<'a>,
    pub(super) label: &'a str,
    /// What it asks of people: `editorial`, `notify` or `reconsent`.
    pub(super) change: &'static str,
    pub(super) changes: Option<&'a str>,
    /// Until when people can agree again.
    pub(super) until: Option<Timestamp>,
    /// The label of the version in force.
    pub(super) newest: Option<&'a str>,
    /// How many people it would be told to or would ask.
    pub(super) people: i64,
    /// How it differs from the version in force.
    pub(super) passages: Vec<Passage>,
    /// The text as HTML.
    pub(super) body: String,
    pub(super) sha256: String,
    pub(super) errors: Faults,
}

impl Page for PolicyPreviewPage<'_> {
    const TEMPLATE: &'static str = "console/policy_preview.html";

    fn samples() -> Vec<Self> {
        let piece = |fate, text: &str| Piece { fate, text: text.to_owned() };
        let passages = vec![vec![
            piece(Fate::Same, "We keep your address for "),
            piece(Fate::Removed, "a year"),
            piece(Fate::Added, "two years"),
        ]];
        let page = |class: ChangeClass| Self {
            typed: Typed::sample(class),
            label: "2027-03",
            change: class.name(),
            changes: (class != ChangeClass::Editorial).then_some(CHANGES),
            until: (class == ChangeClass::Reconsent).then_some(Timestamp::SAMPLE),
            newest: Some("2026-11"),
            people: 4118,
            passages: passages.clone(),
            body: "<h2>Privacy</h2><p>We keep little.</p>".to_owned(),
            sha256: "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38".to_owned(),
            errors: vec![],
        };
        let first = Self { newest: None, passages: vec![], ..page(ChangeClass::Editorial) };
        let unsure = Self {
            people: 1,
            passages: vec![],
            errors: vec![fault("sure", "Tick the box")],
            ..page(ChangeClass::Notify)
        };
        vec![first, page(ChangeClass::Editorial), page(ChangeClass::Reconsent), unsure]
    }
}
