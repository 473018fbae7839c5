//! `POST /api/v1/signups`: a form that somebody else drew, by the rules of our own.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::cors::preflight;
use super::form_document::blank;
use super::json::Document;
use super::offered::find_by_hash;
use super::once::{self, Once};
use super::pending::{Pending, accepted};
use super::problem::Problem;
use super::signup_body::SignupBody;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::signup::submitted_form::Method;
use crate::web::form::RESTS_FOR;
use crate::web::form::answers::Answers;
use crate::web::form::bot_check::{self, Without};
use crate::web::form::form_context::{FormContext, find_form, form_slug};
use crate::web::form::hand_in::{HandIn, hand_in};
use crate::web::http::fields::InvalidField;
use crate::web::state::catalog::Catalog;
use crate::web::visitor::Visitor;
use crate::web::waiting::Waiting;
use crate::web::{App, Error, origin};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(receive).map(|door| door.options(preflight)))
}

/// Sign somebody up
///
/// Takes a form that was drawn by `GET /api/v1/forms/{name}`. One mail follows, which confirms; the answer is the same
/// whatever is known of the address.
#[utoipa::path(
    post,
    path = "/api/v1/signups",
    operation_id = "sign_up",
    tag = "forms",
    params(("Idempotency-Key" = Option<String>, Header, description = "With it the form is stored once, and for a day who \
                                                                       sends it again is answered as before.")),
    request_body = SignupBody,
    responses(
        (status = 202, description = "It was taken", body = Pending,
         headers(("Idempotency-Replayed" = Option<String>, description = "`true` for what was sent before"))),
        (status = 409, description = "The same request is being done: ask again in a second"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many forms came from this network"),
        (status = 503, description = "The form rests, or nothing can be stored just now: ask again"),
    ),
    extensions(("x-curl" = json!(r#"curl BASE/api/v1/signups -H "Content-Type: application/json" -d '{"form": "'$FORM'", "email": "reader@council.example", "newsletters": ["weekly-briefing"], "consent": {"accepted": true, "policy": "'$POLICY'"}}'"#)))
)]
async fn receive(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    sent: Document<SignupBody>,
) -> Result<Response, Error> {
    app.network_limits.signups.check(visitor.ip)?;
    let (request, _under_way) = match once::begin(&app, &visitor.headers, &sent).await? {
        Once::EachTime => (None, None),
        Once::First(request, under_way) => (Some(request), Some(under_way)),
        Once::Answered(answer) => return Ok(answer),
    };
    let waiting = match take(&app, visitor, (sent.value, request)).await? {
        Ok(waiting) => waiting,
        Err(refusal) => return Ok(refusal),
    };
    if let Some(request) = request
        && let Some(stored) = once::find_other(&app, &request, &waiting).await?
    {
        return Ok(stored);
    }
    Ok(accepted(Pending::document(&app, &waiting).await?))
}

/// Takes a form; what its sender waits with, or why it is refused.
async fn take(
    app: &App,
    visitor: Visitor,
    (sent, request): (SignupBody, Option<IdempotentRequest>),
) -> Result<Result<Waiting, Response>, Error> {
    let from = origin::sent_from(app, &visitor.headers)?;
    let catalog = app.catalog.get().await?;
    let Some((context, is_form_of_now)) = find(app, &catalog, &sent)? else {
        let words = "This form is not known, or has changed: load it again, and send its hash";
        let code = if sent.form.is_empty() { "required" } else { "stale" };
        let wrong = vec![InvalidField::new("form", code, words)];
        return Ok(Err(Problem::unusable(wrong).into_response()));
    };
    if catalog.rests(context.report.map(|report| &report.slug)) {
        return Ok(Err(rests()));
    }
    let fields = sent.fields(&context);
    let mut errors = sent.notice_errors(&context, is_form_of_now);
    let page = sent.page(app, &from);
    let (answers, page) = match (Answers::read(&context, &fields), page) {
        (Ok(answers), Ok(page)) if errors.is_empty() => (answers, page),
        (answers, page) => {
            let mut wrong = answers.err().map(|unusable| unusable.errors).unwrap_or_default();
            errors.retain(|error| wrong.iter().all(|other| other.field != error.field));
            wrong.append(&mut errors);
            wrong.extend(page.err());
            return Ok(Err(Problem::unusable(wrong).into_response()));
        }
    };
    let refused = |fault| Ok(Err(Problem::unusable(vec![fault]).into_response()));
    let work = (sent.altcha.as_deref().unwrap_or_default(), Without::Reason);
    let check = match bot_check::look(app, &context, work)? {
        Ok(check) => check,
        Err(fault) => return refused(fault),
    };
    let form = HandIn {
        context: &context,
        answers,
        is_trapped: !sent.website.is_empty(),
        blank: is_form_of_now.then(|| blank(app, &context)).transpose()?,
        method: Method::Api,
        drawn_by: sent.drawn_by(&from),
        source: page.source,
        page: page.page,
        came_from: sent.came_from().on_page_of(page.origin),
        before: None,
        request,
        check,
        request_id: visitor.request_id,
    };
    match hand_in(app, form).await? {
        Ok(waiting) => Ok(Ok(waiting)),
        Err(fault) => refused(fault),
    }
}

/// The form that was sent, and whether it was drawn as it is now. By its hash alone, or by the report that it is said to be
/// of where it has changed since.
fn find<'a>(
    app: &App,
    catalog: &'a Arc<Catalog>,
    sent: &SignupBody,
) -> Result<Option<(FormContext<'a>, bool)>, Error> {
    let report = sent.report.as_deref().map(form_slug);
    if let Some(context) = find_by_hash(app, catalog, &sent.form)? {
        let drawn = context.report.map(|report| &report.slug);
        let is_meant = report.is_none_or(|meant| meant.is_ok_and(|meant| meant.as_ref() == drawn));
        return Ok(is_meant.then_some((context, true)));
    }
    let Some(Ok(report)) = report else { return Ok(None) };
    match find_form(catalog, report.as_ref()) {
        Ok(context) => Ok(Some((context, false))),
        Err(Error::NotFound | Error::Gone(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The answer to a form that was sent while it rests: nothing is stored, for it would mail somebody.
pub(super) fn rests() -> Response {
    let words = "This form is paused for now: try again later today";
    let fault = InvalidField::new("form", "resting", words);
    let mut answer = Problem::new(StatusCode::SERVICE_UNAVAILABLE, fault).into_response();
    answer.headers_mut().insert(header::RETRY_AFTER, RESTS_FOR.into());
    answer
}
