//! `/check-your-inbox`: what to look for, and the mail once more. The page knows only what its reader
//! typed and when; it never says whether the address is known.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::domain::mail_limit::MailLimit;
use crate::domain::timestamp::Timestamp;
use crate::flows::send_fresh_link::resend_confirmation;
use crate::mail::compose::confirmation_subject;
use crate::store::{bounces, signups};
use crate::web::cookie::Waiting;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/check-your-inbox", get(show))
        .route("/check-your-inbox/resend", post(resend))
}

async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let waiting = Waiting::read(&app, &headers);
    let report = waiting
        .as_ref()
        .and_then(|waiting| catalog.report(&waiting.report.as_ref()?.parse().ok()?))
        .map(|offered| &offered.report);
    let title = report.map(|report| report.title.as_str());
    let subject = confirmation_subject(&app.templates, &app.site, title).map_err(|error| {
        tracing::error!(error = ?error, "the subject of mail 1 could not be rendered");
        Error::Internal
    })?;
    let start_again = report.map_or_else(
        || {
            if waiting.is_some() { "/newsletters".to_owned() } else { "/".to_owned() }
        },
        |report| format!("/reports/{}", report.slug),
    );
    if let Some(waiting) = &waiting
        && came_back(&app, waiting).await
    {
        let context = json!({"site": *app.site, "address": waiting.email,
                             "sender": app.sender.from.to_string(), "start_again": start_again});
        return Ok(Html(app.templates.render("public/came_back.html", context)?));
    }
    let next = waiting.as_ref().and_then(|waiting| next_resend(&app, waiting));
    let context = json!({
        "site": *app.site,
        "address": waiting.as_ref().map(|waiting| &waiting.email),
        "sender": app.sender.from.to_string(),
        "subject": waiting.as_ref().map(|_| subject),
        "word": match query.as_deref() {
            Some("word=again") => Some("We are sending the message again. One address gets only a few messages a \
                             day, so look once more whether it has come already."),
            Some("word=wait") => Some("It is too early to send the message again. This page says from when."),
            Some("word=fresh") => Some("If the request is still open, a fresh link is on its way to the address \
                             the old one was sent to."),
            _ => None,
        },
        "can_resend": next.is_none(),
        "resend_from": next.map(Timestamp::minute),
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

async fn resend(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Error> {
    let Some(mut waiting) = Waiting::read(&app, &headers) else {
        return Ok(back("", None));
    };
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

/// When this reader may ask again, if not now: by the limit of mail per address, counting only what
/// this reader asked for.
fn next_resend(app: &App, waiting: &Waiting) -> Option<Timestamp> {
    let asked: Vec<Timestamp> = waiting.asked.iter().map(|m| Timestamp::from_micros(*m)).collect();
    let limit: &MailLimit = &app.terms.mail_limit;
    limit.next(&asked).filter(|next| *next > app.clock.now())
}

fn back(query: &str, cookie: Option<axum::http::HeaderValue>) -> Response {
    let to = [(header::LOCATION, format!("/check-your-inbox{query}"))];
    let mut response = (StatusCode::SEE_OTHER, to).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
