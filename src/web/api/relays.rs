//! `POST /api/v1/bounces/{relay}`: events of a relay that sets an envelope sender of its own, in its own JSON, for
//! the one relay that is set.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::problem::Problem;
use crate::domain::sentence::sentence;
use crate::flows::mail::record_bounce::record_news;
use crate::mail::relay_events::{self, EventRelay, Headers, Refused, Sent, Unproved};
use crate::mail::returned::{self, Ignored};
use crate::web::client_ip::client_ip;
use crate::web::http::body;
use crate::web::http::fields::InvalidField;
use crate::web::state::limits::ip_prefix;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api/v1/bounces/{relay}", post(receive))
}

/// How SendGrid signs.
const SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
const TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

/// 200 for all that is proved to be the relay's, recorded or not, for some take nothing else as a yes; with how many
/// events were recorded, and why others were not. A relay that tells the same again changes nothing, so where some of
/// its events could not be stored, it is told to send all of them again.
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
            Ok(Json(json!({"status": "confirmed"})).into_response())
        }
        Ok(Sent::Ended) => {
            tracing::warn!(relay = relay.as_str(), "the relay was told to send no more events");
            Ok(Json(json!({"status": "ended"})).into_response())
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
    let answer = json!({"recorded": recorded, "ignored": sum, "reasons": ignored});
    Ok(Json(answer).into_response())
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
