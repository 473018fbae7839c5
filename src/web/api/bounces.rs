//! `POST /api/v1/bounces`: a mail relay tells that a mail of ours came back. The envelope sender with its
//! MAC is the credential: it opens nothing but the suppression of that one mailbox, as a mail to it does.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use uuid::Uuid;

use super::problem::Problem;
use crate::domain::mail::bounce::news::News;
use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::flows::mail::record_bounce::{Recorded, record_bounce, record_news};
use crate::mail::returned::{self, Ignored};
use crate::web::http::body;
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api/v1/bounces", post(receive))
}

/// What was said of which mail; or why nothing was, or what is wrong with it.
type Said = Result<Result<(Uuid, What), Ignored>, Problem>;

/// What was said.
enum What {
    /// A message says it, of whomever it names.
    News(News),
    /// The relay says it, of the mail.
    Bounce(Bounce),
}

/// 202 when it is recorded, again too, and when there is nothing to record: a message that is no bounce,
/// or a mail that was purged or erased; then with the reason. What cannot be used is 422 and never 404, for which
/// relays take an address that is wrong and stop calling it.
async fn receive(State(app): State<Arc<App>>, request: Request) -> Result<Response, Error> {
    let (head, body) = request.into_parts();
    let read = match media_type(&head.headers).as_deref() {
        Some("message/rfc822") => message,
        Some("application/json") => event,
        _ => return Err(Error::WrongType),
    };
    let body = body::read(&head.headers, body, returned::MOST).await?;
    let (outbox_id, what) = match read(&app, &body) {
        Ok(Ok(said)) => said,
        Ok(Err(why)) => return Ok(ignored(why)),
        Err(problem) => return Ok(problem.into_response()),
    };
    let at = app.moment();
    let case = app.settings.at(&at);
    let recorded = app.db.run(|tx| {
        Box::pin(async {
            match &what {
                What::News(news) => record_news(tx, case, outbox_id, news).await,
                What::Bounce(bounce) => {
                    let recorded = record_bounce(tx, case, outbox_id, *bounce).await?;
                    Ok((recorded == Recorded::Recorded).then_some(*bounce))
                }
            }
        })
    });
    let Some(bounce) = recorded.await? else { return Ok(ignored(Ignored::Forgotten)) };
    tracing::info!(%outbox_id, kind = ?bounce.kind, "recorded a mail that came back");
    Ok(answer(&json!({"status": "recorded"})))
}

fn ignored(why: Ignored) -> Response {
    tracing::info!(reason = %why, "ignored what was sent as a bounce");
    answer(&json!({"status": "ignored", "reason": why.to_string()}))
}

fn answer(words: &Value) -> Response {
    (StatusCode::ACCEPTED, Json(words)).into_response()
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// A message as the relay received it.
fn message(app: &App, body: &[u8]) -> Said {
    if body.trim_ascii().is_empty() {
        let message = "Send the message as it was received";
        return Err(Problem::unusable(vec![InvalidField::new("body", "required", message)]));
    }
    let returned = match returned::read(body, None) {
        Ok(returned) => returned,
        Err(why) => return Ok(Err(why)),
    };
    let outbox_id = returned.outbox_id(&app.links.secrets).ok_or_else(|| {
        tracing::info!(reason = %Ignored::NotOurs, "refused what was sent as a bounce");
        let message =
            "Send what came back about a mail of ours: no envelope sender of ours is in it";
        Problem::unusable(vec![InvalidField::new("body", "not-ours", message)])
    })?;
    Ok(Ok((outbox_id, What::News(returned.news))))
}

/// An event that the relay has read itself.
fn event(app: &App, body: &[u8]) -> Said {
    let event: Value = serde_json::from_slice(body).unwrap_or_default();
    if !event.is_object() {
        let message = "Send a JSON object with return_path, kind and status";
        return Err(Problem::unusable(vec![InvalidField::new("body", "malformed", message)]));
    }
    let mut errors = Vec::new();
    let mut wrong = |field, code, message| errors.push(InvalidField::new(field, code, message));
    let outbox_id = match event["return_path"].as_str() {
        Some(address) => app.links.secrets.open_return_path(address),
        None => None,
    };
    if outbox_id.is_none() {
        let given = !event["return_path"].is_null();
        let code = if given { "not-ours" } else { "required" };
        wrong("return_path", code, "Send the envelope sender that the mail left with");
    }
    let kind: Option<BounceKind> = serde_json::from_value(event["kind"].clone()).ok();
    if kind.is_none() {
        let code = if event["kind"].is_null() { "required" } else { "unknown" };
        wrong("kind", code, "Send hard, soft or complaint");
    }
    let status = match &event["status"] {
        Value::Null => None,
        status => {
            let status = status.as_str().and_then(|status| status.parse().ok());
            if status.is_none() {
                wrong("status", "malformed", "Send a status such as 5.1.1, or none");
            }
            status
        }
    };
    match (outbox_id, kind) {
        (Some(outbox_id), Some(kind)) if errors.is_empty() => {
            let bounce = Bounce { kind: kind.told(status), status };
            Ok(Ok((outbox_id, What::Bounce(bounce))))
        }
        _ => Err(Problem::unusable(errors)),
    }
}
