//! `/check-your-inbox`: what to look for, the code of the mail, and the mail once more. The page knows only
//! what its reader typed and when; it never says whether the address is known.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::confirm::lead_on;
use crate::domain::code::Code;
use crate::domain::email_address::EmailAddress;
use crate::domain::mail_limit::MailLimit;
use crate::domain::signup::SignupStatus;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::flows::confirm::{Confirmation, confirm};
use crate::flows::send_fresh_link::resend_confirmation;
use crate::flows::try_code::{count_try, find_by_code};
use crate::mail::compose::confirmation_subject;
use crate::store::{bounces, signups};
use crate::web::cookie::Waiting;
use crate::web::fields::Fields;
use crate::web::{App, Error};

/// What the page says after one of its buttons, or a fresh link, led here: by its query.
const WORDS: [(&str, &str); 4] = [
    (
        "word=again",
        "We are sending the message again. One address gets only a few messages a day, so look once more \
         whether it has come already.",
    ),
    ("word=wait", "It is too early to send the message again. This page says from when."),
    (
        "word=fresh",
        "If the request is still open, a fresh link is on its way to the address the old one was sent to.",
    ),
    (
        RESTS,
        "No message was sent: this form is paused for now. Links we have already sent still work.",
    ),
];

/// The query of the word for whose form rests.
const RESTS: &str = "word=rests";

const NO_CODE: &str = "Enter the six-digit code from our message";
const WRONG_CODE: &str =
    "That code isn’t right: enter the one in our latest message, or follow its link";
const NO_TRY_LEFT: &str =
    "Too many codes have been tried for this address today. The link in our message still works";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/check-your-inbox", get(show))
        .route("/check-your-inbox/code", post(code))
        .route("/check-your-inbox/resend", post(resend))
}

async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Html<String>, Error> {
    let waiting = Waiting::read(&app, &headers);
    let said = WORDS.iter().find(|(word, _)| query.as_deref() == Some(word));
    page(&app, waiting.as_ref(), said.map(|(_, says)| *says), None).await
}

/// The page; after a code that was refused, with what was typed and what to do.
async fn page(
    app: &App,
    waiting: Option<&Waiting>,
    word: Option<&str>,
    refused: Option<(&str, &str)>,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let slug = waiting.and_then(report);
    let report = slug.as_ref().and_then(|slug| catalog.report(slug)).map(|offered| &offered.report);
    let title = report.map(|report| report.title.as_str());
    let subject = confirmation_subject(&app.templates, &app.site, title).map_err(|error| {
        tracing::error!(error = ?error, "the subject of mail 1 could not be rendered");
        Error::Internal
    })?;
    let start_again = report.map_or_else(
        || if waiting.is_some() { "/newsletters".to_owned() } else { "/".to_owned() },
        |report| format!("/reports/{}", report.slug),
    );
    if let Some(waiting) = waiting
        && came_back(app, waiting).await
    {
        let context = json!({"site": *app.site, "address": waiting.email,
                             "sender": app.sender.from.to_string(), "start_again": start_again});
        return Ok(Html(app.templates.render("public/came_back.html", context)?));
    }
    let next = waiting.and_then(|waiting| next_resend(app, waiting));
    let errors: Vec<Value> =
        refused.iter().map(|(_, what)| json!({"field": "code", "message": what})).collect();
    let context = json!({
        "site": *app.site,
        "address": waiting.map(|waiting| &waiting.email),
        "sender": app.sender.from.to_string(),
        "subject": waiting.map(|_| subject),
        "word": word,
        "form": {"code": refused.map_or("", |(typed, _)| typed), "errors": errors},
        "rests": waiting.is_some() && catalog.rests(slug.as_ref()),
        "can_resend": next.is_none(),
        "resend_from": next,
        "start_again": start_again,
    });
    Ok(Html(app.templates.render("public/check_your_inbox.html", context)?))
}

/// How long the page waits for that, when the database hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the mail about this reader's own form came back, as from an address that does not exist: what
/// became of other mail would tell whether the address is known. While the database is away the page is
/// shown without it.
async fn came_back(app: &App, waiting: &Waiting) -> bool {
    let asked = async { bounces::came_back(&mut app.db.read().await?, waiting.signup_id).await };
    let told = tokio::time::timeout(PATIENCE, asked).await;
    told.unwrap_or(Err(sqlx::Error::PoolTimedOut)).unwrap_or_else(|error| {
        tracing::error!(error = ?error, "whether a mail came back could not be read");
        false
    })
}

/// Confirms as the button behind the link does, with the choices of the form.
async fn code(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let Some(waiting) = Waiting::read(&app, &headers) else {
        return Ok(back("", None));
    };
    let typed = fields.one("code");
    let again = async |what: &str| {
        let page = page(&app, Some(&waiting), None, Some((typed, what))).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let once = !fields.is_repeated("code") && !fields.is_faulty("code");
    let (Some(code), Ok(email)) =
        (Code::parse(typed).filter(|_| once), EmailAddress::parse(&waiting.email))
    else {
        return again(NO_CODE).await;
    };
    let address_key = app.terms.address_secret.key(&email);
    let at = app.moment();
    let mut tx = app.db.write().await?;
    let may_try = count_try(&mut tx, &at, &address_key).await?;
    tx.commit().await?;
    if !may_try {
        return again(NO_TRY_LEFT).await;
    }
    let mut tx = app.db.write().await?;
    let found = find_by_code(&mut tx, &at, &app.links.secrets, &address_key, code).await?;
    let Some(signup) = found else {
        drop(tx);
        return again(WRONG_CODE).await;
    };
    let just_now = signup.status == SignupStatus::Pending
        && confirm(&mut tx, &at, &app.terms, &signup, None).await? == Confirmation::Confirmed;
    if just_now {
        tx.commit().await?;
        app.mail_waits.notify_one();
    } else {
        drop(tx);
    }
    let mut tx = app.db.read().await?;
    match signups::find(&mut tx, signup.signup_id).await? {
        Some(signup) if signup.status == SignupStatus::Confirmed => {
            // Whoever guessed a code must not be led to the choices of the address's owner.
            lead_on(&app, &mut tx, &signup, false).await
        }
        _ => {
            drop(tx);
            again(WRONG_CODE).await
        }
    }
}

async fn resend(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Error> {
    let Some(mut waiting) = Waiting::read(&app, &headers) else {
        return Ok(back("", None));
    };
    if app.catalog.get().await?.rests(report(&waiting).as_ref()) {
        return Ok(rests());
    }
    if next_resend(&app, &waiting).is_some() {
        return Ok(back("?word=wait", None));
    }
    let at = app.moment();
    let mut tx = app.db.write().await?;
    if let Some(signup) = signups::find(&mut tx, waiting.signup_id).await?
        && resend_confirmation(&mut tx, &at, &app.terms, &signup).await?
    {
        tx.commit().await?;
        app.mail_waits.notify_one();
    }
    waiting.ask(at.now);
    Ok(back("?word=again", waiting.header(&app)))
}

/// The report of the form, if it was a report's.
fn report(waiting: &Waiting) -> Option<Slug> {
    waiting.report.as_ref()?.parse().ok()
}

/// When this reader may ask again, if not now: by the limit of mail per address, counting only what
/// this reader asked for.
fn next_resend(app: &App, waiting: &Waiting) -> Option<Timestamp> {
    let asked: Vec<Timestamp> = waiting.asked.iter().map(|m| Timestamp::from_micros(*m)).collect();
    let limit: &MailLimit = &app.terms.mail_limit;
    limit.next(&asked).filter(|next| *next > app.clock.now())
}

/// Leads to the page that says that nothing was mailed, for the form rests.
pub(super) fn rests() -> Response {
    back(&format!("?{RESTS}"), None)
}

fn back(query: &str, cookie: Option<axum::http::HeaderValue>) -> Response {
    let to = [(header::LOCATION, format!("/check-your-inbox{query}"))];
    let mut response = (StatusCode::SEE_OTHER, to).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
