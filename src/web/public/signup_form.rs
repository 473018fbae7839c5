//! The form behind which everything lies: what it shows, what it accepts, what it answers.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use validator::{Validate, ValidationError};

use super::blank_form::FormPages;
use super::form_context::FormContext;
use super::shown_form::{Refused, Values, page_form};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::submitted_form::Method;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::signup::sign_up::SignUp;
use crate::store::catalog::notices::Notice;
use crate::web::headers::Embeddable;
use crate::web::http::fields::{FieldError, Fields};
use crate::web::state::catalog::Offer;
use crate::web::visitor::Visitor;
use crate::web::waiting::{Sent, Waiting};
use crate::web::{App, Error, origin};

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

/// Takes a form that was sent: stores it and leads to the waiting page, or shows it again
/// with what to do. The answer does not depend on whether the address is known.
pub(super) async fn receive(
    visitor: &Visitor,
    context: &FormContext<'_>,
    fields: &Fields,
    pages: &FormPages<'_>,
) -> Result<Response, Error> {
    let Visitor { app, ip, headers, request_id } = visitor;
    origin::check(app, headers)?;
    app.network_limits.signups.check(*ip)?;
    let at = app.moment();
    match parse(context, fields) {
        Err(refused) => {
            let blank = pages.own.blank(app, context)?;
            let form = page_form(context, Some(refused)).naming(&blank.sha256);
            let page = (pages.own.render)(form)?;
            Ok(embeddable((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()))
        }
        Ok((typed, choices)) => {
            let signup_id = at.new_id();
            let report = context.report.map(|report| &report.slug);
            let before = earlier(app, headers, &typed.email);
            let replaces = before.as_ref().and_then(|before| before.form_for(report));
            let waiting = Waiting::new(
                Sent {
                    signup_id,
                    email: typed.email.as_str(),
                    report,
                    chosen: choices.iter().skip(1).map(|notice| notice.purpose.clone()).collect(),
                },
                before,
                &app.settings.mail_limit,
                at.now,
            );
            // People never see this field; what fills it in gets the same answer and is counted, nothing else.
            if fields.one("website").is_empty() {
                let form = pages.shown(app, context, fields)?;
                let unticked = form.as_ref().map(|_| unticked(context, &choices));
                let signup = SignUp {
                    signup_id,
                    form,
                    unticked: unticked.unwrap_or_default(),
                    email: typed.email,
                    name: typed.name,
                    organisation: typed.organisation,
                    job_title: typed.job_title,
                    report: context.report.map(|report| (report.report_id, report.slug.clone())),
                    policy: context.policy.clone(),
                    choices,
                    source: context.path.clone(),
                    method: Method::Form,
                    replaces,
                    request_id: Some(request_id.clone()),
                };
                app.intake.hand_in(signup).await?;
            } else {
                app.intake.hand_in_dropped(report.cloned()).await?;
            }
            let cookie = waiting.header(app).ok_or(Error::Internal)?;
            let to = [
                (header::LOCATION, "/check-your-inbox".parse().map_err(|_| Error::Internal)?),
                (header::SET_COOKIE, cookie),
            ];
            Ok((StatusCode::SEE_OTHER, to).into_response())
        }
    }
}

/// What a form offers and was left unticked on it, in the order of evidence.
fn unticked(context: &FormContext<'_>, choices: &Ticked) -> Vec<Purpose> {
    let is_left = |purpose: &Purpose| choices.iter().all(|notice| notice.purpose != *purpose);
    let offered = context.offers.iter().map(|offer| offer.purpose.clone());
    let mut left: Vec<Purpose> = offered.filter(is_left).collect();
    left.sort_unstable();
    left
}

/// What this browser sent to the same mailbox before.
fn earlier(app: &App, headers: &HeaderMap, email: &EmailAddress) -> Option<Waiting> {
    let mailbox = |email: &EmailAddress| app.settings.address_secret.limiter_key(email);
    Waiting::read(app, headers).filter(|before| {
        EmailAddress::parse(&before.email).is_ok_and(|other| mailbox(&other) == mailbox(email))
    })
}

/// When to come back to a form that rests, in seconds.
const RESTS_FOR: u64 = 15 * 60;

/// The answer to a form that was sent while it rests: nothing is stored, for it would mail somebody.
pub(super) fn rests(page: Html<String>) -> Response {
    let later = [(header::RETRY_AFTER, RESTS_FOR.to_string())];
    embeddable((StatusCode::SERVICE_UNAVAILABLE, later, page).into_response())
}

/// Marks a page as one that `embed_origins` may frame.
pub(super) fn embeddable(mut response: Response) -> Response {
    response.extensions_mut().insert(Embeddable);
    response
}

struct Accepted {
    email: EmailAddress,
    name: Option<Line>,
    organisation: Option<Line>,
    job_title: Option<Line>,
}

type Ticked = Vec<Arc<Notice>>;

fn parse<'a>(
    context: &FormContext<'_>,
    fields: &'a Fields,
) -> Result<(Accepted, Ticked), Refused<'a>> {
    let mut errors = text_errors(context, fields);
    let same_policy = fields.one("policy") == context.policy.label.as_str();
    let consent = fields.one("consent") == "yes" && same_policy;
    let boxes = ["consent", "policy", "website", "newsletter", "purpose"];
    let repeats = ["newsletter", "purpose"];
    let unclear = |name: &&str| {
        fields.is_faulty(name) || (!repeats.contains(name) && fields.is_repeated(name))
    };
    if boxes.iter().any(unclear) {
        let words = "Send each answer once: open the page again and fill it in";
        errors.push(FieldError::new("form", words));
    } else if !same_policy && !fields.one("policy").is_empty() {
        let label = &context.policy.label;
        errors.push(FieldError::new(
            "policy",
            format!(
                "Our privacy policy has changed: read version {label}, then tick the box again"
            ),
        ));
    } else if fields.one("consent") == "yes" && !same_policy {
        errors.push(FieldError::new(
            "policy",
            "Open this page again: your answers did not say which privacy policy you read",
        ));
    } else if !consent {
        let what = if context.report.is_some() { "send you the report" } else { "sign you up" };
        errors.push(FieldError::new(
            "consent",
            format!("Tick the box to agree to our privacy policy, so that we can {what}"),
        ));
    }
    let ticked = ticked(context, fields, &mut errors);
    if context.report.is_none() {
        // This form begins with its newsletters.
        errors.sort_by_key(|error| error.field != "newsletter");
    }
    let lines = TEXT_FIELDS.map(|name| Line::parse(fields.one(name)).ok().flatten());
    let [_, name, organisation, job_title] = lines;
    match EmailAddress::parse(fields.one("email")) {
        Ok(email) if errors.is_empty() => {
            let choices = std::iter::once(context.consent.clone())
                .chain(ticked.iter().map(|offer| offer.notice.clone()))
                .collect();
            Ok((Accepted { email, name, organisation, job_title }, choices))
        }
        _ => Err(Refused {
            values: Values {
                email: fields.one("email"),
                name: fields.one("name"),
                organisation: fields.one("organisation"),
                job_title: fields.one("job_title"),
            },
            consent,
            ticked: ticked.into_iter().map(|offer| offer.purpose.clone()).collect(),
            errors,
        }),
    }
}

/// The boxes ticked besides the privacy policy's, in the order of the form. Adds what is wrong with them.
fn ticked<'a>(
    context: &FormContext<'a>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
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
            errors.push(FieldError::new(field, words));
        }
    }
    if context.report.is_none() && fields.all("newsletter").is_empty() {
        errors.push(FieldError::new("newsletter", "Choose at least one newsletter"));
    }
    let mut ticked: Vec<&Offer> =
        context.offers.iter().filter(|offer| offer.is_ticked(fields)).collect();
    ticked.retain(|offer| {
        let changed = offer.has_changed_since(fields);
        if changed {
            errors.push(FieldError::new(offer.field(), changed_words(offer)));
        }
        !changed
    });
    ticked
}

/// What to do about a box whose words changed while the form was open.
pub(super) fn changed_words(offer: &Offer) -> String {
    format!("The words beside “{}” have changed: read them, then tick the box again", offer.name)
}

/// What is wrong with the typed fields, at most one error each, in the order of the form.
fn text_errors(context: &FormContext<'_>, fields: &Fields) -> Vec<FieldError> {
    let [email, name, organisation, job_title] = TEXT_FIELDS.map(|name| fields.one(name));
    let rules = Typed { email, name, organisation, job_title }.validate().err();
    let rules = rules.as_ref().map(validator::ValidationErrors::field_errors).unwrap_or_default();
    let mut errors = Vec::new();
    for name in TEXT_FIELDS {
        let broken = rules.get(name).and_then(|errors| errors.first());
        let message = if fields.is_repeated(name) {
            Some("Fill in this field once".to_owned())
        } else if fields.is_faulty(name) {
            Some("Use letters, numbers and punctuation only, on one line".to_owned())
        } else if let Some(error) = broken {
            error.message.as_ref().map(ToString::to_string)
        } else if fields.one(name).trim().is_empty() {
            required(context, name).map(ToOwned::to_owned)
        } else {
            None
        };
        errors.extend(message.map(|message| FieldError::new(name, message)));
    }
    errors
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

/// The report's slug of a path, for a 404 rather than a 400 when it is none.
pub(super) fn slug(text: &str) -> Result<Slug, Error> {
    text.parse().map_err(|_| Error::NotFound)
}
