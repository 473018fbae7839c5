//! `POST /api/v1/bounces`: a mail relay tells that a mail of ours came back. The envelope sender with its
//! MAC is the credential: it opens nothing but the suppression of that one mailbox, as a mail to it does.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::problem::Problem;
use super::query;
use crate::domain::mail::bounce::news::News;
use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::flows::mail::record_bounce::{Recorded, record_bounce, record_news};
use crate::mail::returned::{self, Ignored};
use crate::web::http::body;
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(receive))
}

/// A mail that came back, as its relay has read it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BounceBody {
    /// The envelope sender that the mail left with.
    #[serde(default)]
    #[schema(value_type = String, required)]
    return_path: Value,
    /// `hard`, `soft` or `complaint`.
    #[serde(default)]
    #[schema(value_type = String, required)]
    kind: Value,
    /// The enhanced status code, such as `5.1.1`, where there is one.
    #[serde(default)]
    #[schema(value_type = Option<String>, required = false)]
    status: Value,
}

/// Its members.
const MEMBERS: [&str; 3] = ["return_path", "kind", "status"];

/// What became of it.
#[derive(Serialize, ToSchema)]
struct BounceTaken {
    /// Why nothing follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `recorded`, or `ignored` where nothing follows from it.
    status: &'static str,
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

/// Tell of a mail that came back
///
/// The envelope sender that the mail left with is the proof: it opens nothing but the suppression of that one mailbox.
/// 202 when it is recorded, again too, and when there is nothing to record: a message that is no bounce, or a mail that
/// was deleted meanwhile. What cannot be used is 422 and never 404, for which relays take an address that is wrong and
/// stop calling it.
#[utoipa::path(
    post,
    path = "/api/v1/bounces",
    operation_id = "report_bounce",
    tag = "returned mail",
    request_body(description = "What the relay has read, or the message as it was received, of 1 MiB at most.",
                 content((BounceBody = "application/json"), (String = "message/rfc822"))),
    responses(
        (status = 202, description = "It was taken", body = BounceTaken),
        (status = 415, description = "Neither JSON nor a message"),
    ),
    extensions(("x-curl" = json!(r#"curl BASE/api/v1/bounces -H "Content-Type: application/json" -d '{"return_path": "'$RETURN_PATH'", "kind": "hard", "status": "5.1.1"}'"#)))
)]
async fn receive(State(app): State<Arc<App>>, request: Request) -> Result<Response, Error> {
    let (head, body) = request.into_parts();
    query::demand_none(&head.uri)?;
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
    Ok(answer(&BounceTaken { status: "recorded", reason: None }))
}

fn ignored(why: Ignored) -> Response {
    tracing::info!(reason = %why, "ignored what was sent as a bounce");
    answer(&BounceTaken { status: "ignored", reason: Some(why.to_string()) })
}

fn answer(taken: &BounceTaken) -> Response {
    (StatusCode::ACCEPTED, Json(taken)).into_response()
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
    let Ok(Value::Object(mut event)) = serde_json::from_slice(body) else {
        let message = "Send a JSON object with return_path, kind and status";
        return Err(Problem::unusable(vec![InvalidField::new("body", "malformed", message)]));
    };
    let sent = event.len();
    event.retain(|name, _| MEMBERS.contains(&name.as_str()));
    let has_others = event.len() < sent;
    // Each member by itself is looked at below, so that all that is wrong is said at once.
    let event: BounceBody = serde_json::from_value(Value::Object(event)).unwrap_or_default();
    let mut errors = Vec::new();
    let mut wrong = |field, code, message| errors.push(InvalidField::new(field, code, message));
    if has_others {
        wrong("body", "unknown-field", "Send no other members than return_path, kind and status");
    }
    let outbox_id = match event.return_path.as_str() {
        Some(address) => app.links.secrets.open_return_path(address),
        None => None,
    };
    if outbox_id.is_none() {
        let given = !event.return_path.is_null();
        let code = if given { "not-ours" } else { "required" };
        wrong("return_path", code, "Send the envelope sender that the mail left with");
    }
    let kind: Option<BounceKind> = serde_json::from_value(event.kind.clone()).ok();
    if kind.is_none() {
        let code = if event.kind.is_null() { "required" } else { "unknown" };
        wrong("kind", code, "Send hard, soft or complaint");
    }
    let status = match &event.status {
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
