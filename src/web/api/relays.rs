//! `POST /api/v1/bounces/{relay}`: events of a relay that sets an envelope sender of its own, in its own JSON, for
//! the one relay that is set.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use super::query;
use crate::domain::sentence::sentence;
use crate::flows::mail::record_bounce::record_news;
use crate::mail::relay_events::{self, EventRelay, Headers, Refused, Sent, Unproved};
use crate::mail::returned::{self, Ignored};
use crate::web::client_ip::client_ip;
use crate::web::http::body;
use crate::web::http::fields::InvalidField;
use crate::web::state::limits::ip_prefix;
use crate::web::{App, Error};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(receive))
}

/// What became of a relay's events.
#[derive(Default, Serialize, ToSchema)]
struct EventsTaken {
    /// How many were recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<usize>,
    /// From how many nothing follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<usize>,
    /// Why, and of how many each.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<BTreeMap<String, usize>>,
    /// Of a message without events: `confirmed` that they are wanted, or `ended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// How SendGrid signs.
const SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
const TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

/// Take in a relay's events
///
/// In its own JSON and with its own proof, for the one relay that is set. 200 for all that is proved to be the relay's,
/// recorded or not, for some take nothing else as a yes. A relay that tells the same again changes nothing, so where some
/// of its events could not be stored, it is told to send all of them again.
#[utoipa::path(
    post,
    path = "/api/v1/bounces/{relay}",
    operation_id = "report_relay_events",
    tag = "returned mail",
    params(("relay" = String, Path, description = "`ses`, `postmark`, `sendgrid` or `mailgun`.")),
    request_body(description = "The relay’s JSON as it is, of 1 MiB at most.", content = Value),
    responses(
        (status = 200, description = "They were taken", body = EventsTaken),
        (status = 401, description = "It is not proved that this is the relay’s"),
        (status = 404, description = "This is not the relay that is set"),
        (status = 429, description = "Too much that is not proved came from this network"),
    ),
    extensions(("x-curl" = json!(r#"curl BASE/api/v1/bounces/postmark -u "$RELAY" -H "Content-Type: application/json" -d '{"RecordType": "Delivery"}'"#)))
)]
async fn receive(
    State(app): State<Arc<App>>,
    Path(relay): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let relay: EventRelay = relay.parse().map_err(|_| Error::NotFound)?;
    let endpoint = app.relay_events.as_ref().filter(|endpoint| endpoint.relay() == relay);
    let endpoint = endpoint.ok_or(Error::NotFound)?;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().ok_or(Error::Internal)?;
    let ip = client_ip(peer.ip(), request.headers(), &app.trusted_proxies);
    let (head, body) = request.into_parts();
    query::demand_none(&head.uri)?;
    let body = body::read(&head.headers, body, returned::MOST).await?;
    let headers = Headers {
        authorization: one(&head.headers, header::AUTHORIZATION.as_str()),
        signature: one(&head.headers, SIGNATURE),
        timestamp: one(&head.headers, TIMESTAMP),
    };
    match endpoint.open(headers, &body, app.clock.now()).await {
        Ok(Sent::Events(events)) => record(&app, relay, &events).await,
        Ok(Sent::Confirmed) => {
            tracing::info!(relay = relay.as_str(), "confirmed that events are wanted");
            Ok(without_events("confirmed"))
        }
        Ok(Sent::Ended) => {
            tracing::warn!(relay = relay.as_str(), "the relay was told to send no more events");
            Ok(without_events("ended"))
        }
        Err(Refused::Malformed) => {
            let message = "Send the relay's JSON as it is";
            let fault = InvalidField::new("body", "malformed", message);
            Ok(Problem::unusable(vec![fault]).into_response())
        }
        Err(Refused::Unproved(why)) => {
            // As tokens that do not work: neither guesses nor the log go on for ever.
            app.network_limits.bad_events.check(ip_prefix(ip))?;
            tracing::warn!(relay = relay.as_str(), reason = %why, "refused what was sent as events");
            Ok(unproved(relay, why))
        }
        Err(Refused::Away(error)) => {
            tracing::warn!(error = sentence(&error), "whether events are Amazon's is not known");
            Err(Error::Unavailable)
        }
    }
}

/// Each event by itself: so one request takes the locks of one person at a time, and never waits for another in turn.
async fn record(app: &App, relay: EventRelay, events: &[Value]) -> Result<Response, Error> {
    let mut recorded = 0_usize;
    let mut ignored: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        let told = match relay_events::read(relay, event, &app.links.secrets) {
            Ok((outbox_id, news)) => {
                let at = app.moment();
                let told = app
                    .db
                    .run(|tx| Box::pin(record_news(tx, app.settings.at(&at), outbox_id, &news)))
                    .await?;
                if let Some(bounce) = told {
                    tracing::info!(%outbox_id, kind = ?bounce.kind, "recorded a mail that came back");
                }
                told.map(drop).ok_or(Ignored::Forgotten)
            }
            Err(why) => Err(why),
        };
        match told {
            Ok(()) => recorded += 1,
            Err(why) => *ignored.entry(why.to_string()).or_default() += 1,
        }
    }
    if !ignored.is_empty() {
        tracing::info!(relay = relay.as_str(), reasons = ?ignored, "ignored what was sent as events");
    }
    let sum: usize = ignored.values().sum();
    let answer = EventsTaken {
        recorded: Some(recorded),
        ignored: Some(sum),
        reasons: Some(ignored),
        status: None,
    };
    Ok(Json(answer).into_response())
}

fn without_events(status: &'static str) -> Response {
    Json(EventsTaken { status: Some(status), ..EventsTaken::default() }).into_response()
}

/// The value of a header that was sent once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut sent = headers.get_all(name).iter();
    match (sent.next(), sent.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    }
}

fn unproved(relay: EventRelay, why: Unproved) -> Response {
    let (code, message) = match why {
        Unproved::Missing => ("missing", "Send what proves that this is the relay's"),
        Unproved::Wrong => ("wrong", "Have the relay prove itself as the settings here expect"),
        Unproved::Old => ("old", "Send it within an hour, by a clock that is right"),
        Unproved::Topic => ("topic", "Publish to the topic that is set here"),
        Unproved::Address => ("address", "Name addresses of Amazon SNS in the topic's region"),
    };
    let fault = InvalidField::new("authentication", code, message);
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, fault).into_response();
    // RFC 9110 §11.6.1 asks for one; no scheme is registered for signatures of this kind.
    let challenge = match relay {
        EventRelay::Postmark => r#"Basic realm="bounces""#,
        _ => r#"Signature realm="bounces""#,
    };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}
