//! `POST /api/v1/signups/code` and `/resend`: what a reader may do while they wait, where the form that they sent stands on
//! another page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::cors::preflight;
use super::json::Document;
use super::pending::{Pending, accepted};
use super::problem::Problem;
use super::signups::rests;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::request_id::RequestId;
use crate::domain::signup::code::Code;
use crate::domain::signup::link::Link;
use crate::store::signup::download_grants;
use crate::store::signup::signups::Signup;
use crate::web::form::code::{
    CodePress, CodeTry, NO_CODE, NO_TRY_LEFT, OTHER_FORM, SEE_CHOICES, TOO_LATE, WRONG_CODE,
    press_code,
};
use crate::web::form::instead::{offered, send_instead};
use crate::web::form::resend::resend as resend_mail;
use crate::web::http::fields::InvalidField;
use crate::web::visitor::Visitor;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(confirm).map(|door| door.options(preflight)))
        .routes(routes!(resend).map(|door| door.options(preflight)))
        .routes(routes!(instead).map(|door| door.options(preflight)))
}

/// The code of our mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    /// What the signup was answered with.
    waiting: String,
    /// The six digits.
    code: String,
}

/// Who asks for another mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResendBody {
    /// What the signup was answered with.
    waiting: String,
}

/// Who has what they asked for sent to another address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InsteadBody {
    /// What the signup was answered with.
    waiting: String,
    /// The address that it was answered with as `did_you_mean`.
    email: String,
}

/// What is answered to a code that confirmed.
#[derive(Serialize, ToSchema)]
struct Confirmed {
    /// `confirmed`.
    status: &'static str,
    /// The page from which the report is fetched; none for newsletters alone.
    #[schema(required)]
    download: Option<String>,
}

/// Confirm by code
///
/// Five tries a day for an address. What a `page` drew is confirmed on our own page behind the mailed link alone, where
/// its words stand.
#[utoipa::path(
    post,
    path = "/api/v1/signups/code",
    operation_id = "confirm_by_code",
    tag = "forms",
    request_body = CodeBody,
    responses(
        (status = 200, description = "It is confirmed", body = Confirmed),
        (status = 409, description = "It must be confirmed behind the mailed link"),
        (status = 415, description = "Not JSON"),
    ),
    extensions(("x-curl" = json!(r#"curl BASE/api/v1/signups/code -H "Content-Type: application/json" -d '{"waiting": "'$WAITING'", "code": "'$CODE'"}'"#)))
)]
async fn confirm(
    State(app): State<Arc<App>>,
    request_id: RequestId,
    sent: Document<CodeBody>,
) -> Result<Response, Error> {
    let CodeBody { waiting, code } = sent.value;
    let Some((waiting, address_key)) = read(&app, &waiting) else { return Ok(lost()) };
    let Some(code) = Code::parse(&code) else {
        return Ok(refused("malformed", NO_CODE));
    };
    if waiting.by_link {
        return Ok(see_choices(SEE_CHOICES));
    }
    let own = waiting.signup_id;
    let tried = CodeTry { address_key: &address_key, code, own };
    // Where it was typed stands what this form chose, and no other's choices.
    let was_seen = |signup: &Signup| signup.signup_id == own;
    match press_code(&app, &app.moment_of(request_id), tried, was_seen).await? {
        CodePress::Confirmed(signup_id) => {
            let grant = download_grants::find(&mut app.db.read().await?, signup_id).await?;
            let download = grant.map(|grant| {
                let link = Link { id: grant.download_grant_id, generation: grant.generation };
                app.links.download(link)
            });
            Ok(Json(Confirmed { status: "confirmed", download }).into_response())
        }
        CodePress::OldPage(link) if link.id != own => Ok(see_choices(OTHER_FORM)),
        CodePress::OldPage(_) | CodePress::BehindLink => Ok(see_choices(SEE_CHOICES)),
        CodePress::Wrong => Ok(refused("wrong", WRONG_CODE)),
        CodePress::NoTryLeft => Ok(refused("no-try-left", NO_TRY_LEFT)),
    }
}

/// Ask for the mail once more
///
/// It is sent, and answered, the same whatever is known of the address. Asked for within a minute of the one before, it
/// waits for that minute.
#[utoipa::path(
    post,
    path = "/api/v1/signups/resend",
    operation_id = "resend_mail",
    tag = "forms",
    request_body = ResendBody,
    responses(
        (status = 202, description = "It is on its way, if we can write to this address", body = Pending),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "As many were asked for as are sent in so short a time"),
    ),
    extensions(("x-curl" = json!(r#"curl BASE/api/v1/signups/resend -H "Content-Type: application/json" -d '{"waiting": "'$WAITING'"}'"#)))
)]
async fn resend(
    State(app): State<Arc<App>>,
    request_id: RequestId,
    sent: Document<ResendBody>,
) -> Result<Response, Error> {
    let Some((mut waiting, _)) = read(&app, &sent.value.waiting) else { return Ok(lost()) };
    if app.catalog.get().await?.rests(waiting.report_slug().as_ref()) {
        return Ok(rests());
    }
    let (at, limit) = (app.moment_of(request_id), &app.settings.mail_limit);
    if let Some(next) = waiting.asks_again_from(limit, at.now) {
        let wait = next.since(at.now).as_secs() + 1;
        let words = format!(
            "You have asked for as many messages as we send in so short a time: ask again from {}",
            app.site.timezone.clock(next)
        );
        let fault = InvalidField::new("waiting", "too-many", words);
        let mut answer = Problem::new(StatusCode::TOO_MANY_REQUESTS, fault).into_response();
        answer.headers_mut().insert(header::RETRY_AFTER, wait.into());
        return Ok(answer);
    }
    resend_mail(&app, &at, &mut waiting).await?;
    Ok(accepted(Pending::document(&app, &waiting).await?))
}

/// Have it sent to the address that was meant
///
/// The first request is given up, and one of the same choices takes its place, once; the answer is the same whatever is
/// known of either address.
#[utoipa::path(
    post,
    path = "/api/v1/signups/instead",
    operation_id = "send_instead",
    tag = "forms",
    request_body = InsteadBody,
    responses(
        (status = 202, description = "One mail follows there, which confirms", body = Pending),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many forms came from this network"),
        (status = 503, description = "The form rests, or nothing can be stored just now: ask again"),
    ),
    extensions(("x-curl" = json!(r#"curl BASE/api/v1/signups/instead -H "Content-Type: application/json" -d '{"waiting": "'$WAITING'", "email": "reader@gmail.com"}'"#)))
)]
async fn instead(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    sent: Document<InsteadBody>,
) -> Result<Response, Error> {
    let InsteadBody { waiting, email } = sent.value;
    let Some((waiting, _)) = read(&app, &waiting) else { return Ok(lost()) };
    let catalog = app.catalog.get().await?;
    if catalog.rests(waiting.report_slug().as_ref()) {
        return Ok(rests());
    }
    let offered = offered(&app, &catalog, &waiting).filter(|meant| meant.as_str() == email);
    let Some(email) = offered else {
        let words = "Send the address that this signup was answered with, or the form anew";
        return Ok(Problem::unusable(vec![InvalidField::new("email", "not-offered", words)])
            .into_response());
    };
    app.network_limits.signups.check(visitor.ip)?;
    let at = app.moment_of(visitor.request_id);
    let waiting = send_instead(&app, &at, &waiting, email).await?;
    Ok(accepted(Pending::document(&app, &waiting).await?))
}

/// What the program kept, and whose address it names.
fn read(app: &App, token: &str) -> Option<(Waiting, AddressKey)> {
    let waiting = Waiting::from_token(app, token)?;
    let address_key = waiting.address_key(app)?;
    Some((waiting, address_key))
}

fn refused(code: &'static str, words: &'static str) -> Response {
    Problem::unusable(vec![InvalidField::new("code", code, words)]).into_response()
}

/// What it would confirm is seen on the page behind the mailed link.
fn see_choices(words: &'static str) -> Response {
    let fault = InvalidField::new("code", "see-choices", words);
    Problem::new(StatusCode::CONFLICT, fault).into_response()
}

/// It is older than two hours, or not ours.
fn lost() -> Response {
    let fault = InvalidField::new("waiting", "expired", TOO_LATE);
    Problem::unusable(vec![fault]).into_response()
}
