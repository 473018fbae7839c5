//! A form as it is told to who draws it: fields, boxes with their words, and the policy. Its hash is evidence of what they
//! were told to show.

use std::borrow::Cow;
use std::sync::Arc;

use assent_ledger::leaf::canonical;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::consent::blank_form::BlankForm;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::web::form::form_context::FormContext;
use crate::web::{App, Error};

/// How long an address may be (RFC 5321 §4.5.3.1.3, less the brackets).
const ADDRESS_MOST: usize = 254;

/// What is to be drawn, which evidence keeps as RFC 8785 text.
#[derive(Serialize, ToSchema)]
pub(super) struct FormDocument<'a> {
    /// `reports/` and the report's short name, or `newsletters`.
    name: String,
    kind: FormKind,
    /// The language of its words, BCP 47.
    lang: &'a str,
    title: &'a str,
    summary: &'a str,
    /// Our own page with the same form.
    url: String,
    #[schema(value_type = Vec<FormField>)]
    fields: [FormField; 4],
    /// The privacy policy's first.
    boxes: Vec<FormBox<'a>>,
    policy: FormPolicy<'a>,
    /// What its button says.
    button: &'static str,
    /// What stands under the button.
    next: &'static str,
    /// Which program says so.
    program: &'static str,
}

/// Whose form it is.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormKind {
    Report,
    Newsletters,
}

/// A field to type in.
#[derive(Serialize, ToSchema)]
struct FormField {
    name: &'static str,
    label: &'static str,
    #[schema(required)]
    hint: Option<Cow<'static, str>>,
    /// As in HTML.
    r#type: &'static str,
    autocomplete: &'static str,
    /// In characters.
    max_length: usize,
    required: bool,
}

/// A box to tick: none is ticked beforehand.
#[derive(Serialize, ToSchema)]
struct FormBox<'a> {
    /// The code of what is agreed to.
    purpose: &'a str,
    /// A newsletter's short name.
    #[schema(required)]
    newsletter: Option<&'a str>,
    name: &'a str,
    words: &'a str,
    /// The SHA-256 of the words.
    sha256: &'a str,
    required: bool,
}

/// The policy in force, to be linked beside its box.
#[derive(Serialize, ToSchema)]
struct FormPolicy<'a> {
    label: &'a str,
    lang: &'a str,
    sha256: &'a str,
    #[schema(value_type = String, format = DateTime)]
    published_at: Timestamp,
    url: String,
}

/// A form: the document, which its hash is of, and what is not part of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Form)]
pub(super) struct FormAnswer<'a> {
    /// The SHA-256 of the RFC 8785 text of this without `form`, `resting` and `check`.
    pub form: &'a str,
    /// Whether it rests: what is sent is refused for now.
    pub resting: bool,
    /// Which bot check it asks for: `altcha`, or none.
    #[schema(required)]
    pub check: Option<&'static str>,
    #[serde(flatten)]
    pub document: FormDocument<'a>,
}

impl<'a> FormDocument<'a> {
    /// What is to be drawn of this form.
    pub(super) fn new(app: &App, context: &FormContext<'a>) -> Self {
        let base_url = &app.links.base_url;
        let policy = context.policy;
        let consent = FormBox {
            purpose: context.consent.purpose.as_str(),
            newsletter: None,
            name: "Privacy policy",
            words: &context.consent.words,
            sha256: &context.consent.sha256,
            required: true,
        };
        let offered = context.offers.iter().map(|offer| FormBox {
            purpose: offer.purpose.as_str(),
            newsletter: offer.slug.as_ref().map(Slug::as_str),
            name: &offer.name,
            words: &offer.notice.words,
            sha256: &offer.notice.sha256,
            required: false,
        });
        let report = context.report;
        Self {
            name: form_name(report.map(|report| &report.slug)),
            kind: report.map_or(FormKind::Newsletters, |_| FormKind::Report),
            lang: &context.consent.lang,
            title: report.map_or("Newsletters", |report| &report.title),
            summary: report.map_or("", |report| &report.summary),
            url: format!("{base_url}{}", context.path),
            fields: fields(context),
            boxes: std::iter::once(consent).chain(offered).collect(),
            policy: FormPolicy {
                label: policy.label.as_str(),
                lang: &policy.lang,
                sha256: &policy.sha256,
                published_at: policy.published_at,
                url: format!("{base_url}/policies/privacy/{}", policy.label),
            },
            button: context.button(),
            next: context.next_words(),
            program: concat!("assent ", env!("CARGO_PKG_VERSION")),
        }
    }
}

fn fields(context: &FormContext<'_>) -> [FormField; 4] {
    let report = context.report;
    let line = |name, label, autocomplete, required: Option<bool>| FormField {
        name,
        label,
        hint: None,
        r#type: "text",
        autocomplete,
        max_length: Line::MAX,
        required: required.unwrap_or(false),
    };
    let email = FormField {
        hint: Some(context.email_hint()),
        r#type: "email",
        max_length: ADDRESS_MOST,
        ..line("email", "Work email address", "email", Some(true))
    };
    [
        email,
        line("name", "Your name", "name", report.map(|report| report.requires_name)),
        line(
            "organisation",
            "Organisation",
            "organization",
            report.map(|report| report.requires_organisation),
        ),
        line(
            "job_title",
            "Job title",
            "organization-title",
            report.map(|report| report.requires_job_title),
        ),
    ]
}

/// The document as evidence keeps it, made once for what is on offer.
///
/// # Errors
/// Only our own mistake: when it has no canonical form.
pub(super) fn blank(app: &App, context: &FormContext<'_>) -> Result<Arc<BlankForm>, Error> {
    let name = format!("api/{}", form_name(context.report.map(|report| &report.slug)));
    app.ready_pages.form(context.catalog, &name, || {
        let text = canonical(&FormDocument::new(app, context)).map_err(|error| {
            tracing::error!(error = ?error, "a form could not be written down");
            Error::Internal
        })?;
        Ok(BlankForm::from_document(text))
    })
}
