//! What was typed and ticked, and what is wrong with it: the same rules whoever drew the form.

use std::borrow::Cow;
use std::sync::Arc;

use validator::{Validate, ValidationError};

use super::form_context::FormContext;
use crate::domain::catalog::address_rules::Answer;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::text::Line;
use crate::store::catalog::notices::Notice;
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::state::catalog::Offer;

/// The field rules of the form. Each calls the parser of its type, so there is one source of rules.
#[derive(Validate)]
struct Typed<'a> {
    #[validate(custom(function = "email_rule"))]
    email: &'a str,
    #[validate(custom(function = "line_rule"))]
    name: &'a str,
    #[validate(custom(function = "line_rule"))]
    organisation: &'a str,
    #[validate(custom(function = "line_rule"))]
    job_title: &'a str,
}

fn email_rule(text: &str) -> Result<(), ValidationError> {
    EmailAddress::parse(text).map(drop).map_err(|error| rule("email", &error))
}

fn line_rule(text: &str) -> Result<(), ValidationError> {
    Line::parse(text).map(drop).map_err(|error| rule("line", &error))
}

fn rule(code: &'static str, error: &dyn std::fmt::Display) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Owned(error.to_string()))
}

const TEXT_FIELDS: [&str; 4] = ["email", "name", "organisation", "job_title"];

/// A form that can be taken.
pub(in crate::web) struct Answers {
    pub email: EmailAddress,
    pub name: Option<Line>,
    pub organisation: Option<Line>,
    pub job_title: Option<Line>,
    /// The boxes ticked, each with the words shown; the privacy policy first.
    pub choices: Vec<Arc<Notice>>,
}

/// A form that can't.
pub(in crate::web) struct Unusable {
    /// What is wrong, in the order of the form.
    pub errors: Vec<InvalidField>,
    /// Whether the privacy policy was agreed to.
    pub consent: bool,
    /// What else was ticked, and may stay so.
    pub ticked: Vec<Purpose>,
}

impl Answers {
    /// Reads a form as it was sent.
    ///
    /// # Errors
    /// For all that is wrong with it, and what to do about each.
    pub(in crate::web) fn read(
        context: &FormContext<'_>,
        fields: &Fields,
    ) -> Result<Self, Unusable> {
        let mut errors = text_errors(context, fields);
        if errors.iter().all(|error| error.field != "email") {
            errors.extend(address_error(context, fields));
            errors.sort_by_key(|error| error.field != "email");
        }
        let same_policy = fields.one("policy") == context.policy.label.as_str();
        let consent = fields.one("consent") == "yes" && same_policy;
        errors.extend(box_error(context, fields, consent));
        let ticked = ticked(context, fields, &mut errors);
        if context.report.is_none() {
            // On this form newsletters stand before the privacy policy.
            errors.sort_by_key(|error| match error.field {
                field if TEXT_FIELDS.contains(&field) => 0,
                "newsletter" => 1,
                _ => 2,
            });
        }
        let lines = TEXT_FIELDS.map(|name| Line::parse(fields.one(name)).ok().flatten());
        let [_, name, organisation, job_title] = lines;
        match EmailAddress::parse(fields.one("email")) {
            Ok(email) if errors.is_empty() => {
                let choices = std::iter::once(context.consent.clone())
                    .chain(ticked.iter().map(|offer| offer.notice.clone()))
                    .collect();
                Ok(Self { email, name, organisation, job_title, choices })
            }
            _ => {
                let ticked = ticked.into_iter().map(|offer| offer.purpose.clone()).collect();
                Err(Unusable { errors, consent, ticked })
            }
        }
    }

    /// What was ticked besides the privacy policy.
    pub(in crate::web) fn ticked(&self) -> Vec<Purpose> {
        self.choices.iter().skip(1).map(|notice| notice.purpose.clone()).collect()
    }

    /// What a form offers and was left unticked on it, in the order of evidence.
    pub(in crate::web) fn unticked(&self, context: &FormContext<'_>) -> Vec<Purpose> {
        let is_left =
            |purpose: &Purpose| self.choices.iter().all(|notice| notice.purpose != *purpose);
        let offered = context.offers.iter().map(|offer| offer.purpose.clone());
        let mut left: Vec<Purpose> = offered.filter(is_left).collect();
        left.sort_unstable();
        left
    }
}

/// What is wrong with the boxes as a whole, or with that of the privacy policy.
fn box_error(context: &FormContext<'_>, fields: &Fields, consent: bool) -> Option<InvalidField> {
    let boxes = ["consent", "policy", "website", "newsletter", "purpose"];
    let repeats = ["newsletter", "purpose"];
    let unclear = |name: &&str| {
        fields.is_faulty(name) || (!repeats.contains(name) && fields.is_repeated(name))
    };
    let label = &context.policy.label;
    if boxes.iter().any(unclear) {
        let words = "Send each answer once: open the page again and fill it in";
        Some(InvalidField::new("form", "repeated", words))
    } else if consent {
        None
    } else if fields.one("policy") != label.as_str() && !fields.one("policy").is_empty() {
        let words = format!(
            "Our privacy policy has changed: read version {label}, then tick the box again"
        );
        Some(InvalidField::new("policy", "stale", words))
    } else if fields.one("consent") == "yes" {
        let words = "Open this page again: your answers did not say which privacy policy you read";
        Some(InvalidField::new("policy", "required", words))
    } else {
        let what = if context.report.is_some() { "send you the report" } else { "sign you up" };
        let words = format!("Tick the box to agree to our privacy policy, so that we can {what}");
        Some(InvalidField::new("consent", "required", words))
    }
}

/// The boxes ticked besides the privacy policy's, in the order of the form. Adds what is wrong with them.
fn ticked<'a>(
    context: &FormContext<'a>,
    fields: &Fields,
    errors: &mut Vec<InvalidField>,
) -> Vec<&'a Offer> {
    for (field, words) in [
        (
            "newsletter",
            "A newsletter that you chose is not offered any more: see what is left, then send \
             the form again",
        ),
        (
            "purpose",
            "A box that you ticked is not here any more: see what is left, then send the form again",
        ),
    ] {
        let offers = || context.offers.iter().filter(|offer| offer.field() == field);
        let offered = |value: &&str| offers().any(|offer| offer.value() == *value);
        if !fields.all(field).iter().all(offered) {
            // Where no box stands, there is nothing on the page to lead to.
            let field = if offers().next().is_none() { "form" } else { field };
            errors.push(InvalidField::new(field, "unknown", words));
        }
    }
    if context.report.is_none() && fields.all("newsletter").is_empty() {
        let words = "Choose at least one newsletter";
        errors.push(InvalidField::new("newsletter", "required", words));
    }
    let mut ticked: Vec<&Offer> =
        context.offers.iter().filter(|offer| offer.is_ticked(fields)).collect();
    ticked.retain(|offer| {
        let changed = offer.has_changed_since(fields);
        if changed {
            errors.push(InvalidField::new(offer.field(), "stale", changed_words(offer)));
        }
        !changed
    });
    ticked
}

/// What to do about a box whose words changed while the form was open.
pub(in crate::web) fn changed_words(offer: &Offer) -> String {
    format!("The words beside “{}” have changed: read them, then tick the box again", offer.name)
}

/// What is wrong with the typed fields, at most one error each, in the order of the form.
fn text_errors(context: &FormContext<'_>, fields: &Fields) -> Vec<InvalidField> {
    let [email, name, organisation, job_title] = TEXT_FIELDS.map(|name| fields.one(name));
    let rules = Typed { email, name, organisation, job_title }.validate().err();
    let rules = rules.as_ref().map(validator::ValidationErrors::field_errors).unwrap_or_default();
    let mut errors = Vec::new();
    for name in TEXT_FIELDS {
        let broken = rules.get(name).and_then(|errors| errors.first());
        let is_empty = fields.one(name).trim().is_empty();
        let wrong = if fields.is_repeated(name) {
            Some(("repeated", "Fill in this field once".into()))
        } else if fields.is_faulty(name) {
            Some(("invalid", "Use letters, numbers and punctuation only, on one line".into()))
        } else if let Some(error) = broken {
            let code = if is_empty { "required" } else { "invalid" };
            error.message.clone().map(|message| (code, message))
        } else if is_empty {
            required(context, name).map(|message| ("required", message.into()))
        } else {
            None
        };
        errors.extend(wrong.map(|(code, message)| InvalidField::new(name, code, message)));
    }
    errors
}

/// What this report's rules have against an address that is one.
fn address_error(context: &FormContext<'_>, fields: &Fields) -> Option<InvalidField> {
    let email = EmailAddress::parse(fields.one("email")).ok()?;
    let (Answer::Refuse, against) = context.against(&email)? else { return None };
    let words = context.report?.address_rules.refusal(against, &email);
    Some(InvalidField::new("email", against.code(), words))
}

/// What to do about a field left empty that this report's form requires.
fn required(context: &FormContext<'_>, name: &str) -> Option<&'static str> {
    let report = context.report?;
    match name {
        "name" if report.requires_name => Some("Enter your name"),
        "organisation" if report.requires_organisation => Some("Enter your organisation"),
        "job_title" if report.requires_job_title => Some("Enter your job title"),
        _ => None,
    }
}
