//! `Idempotency-Key`: what is sent again with the same key is done once, and answered as before.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::flows::signup::do_once::{Claim, claim, settle};
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const MOST: usize = 255;
/// When what is under way will be done, in seconds.
const COME_BACK: u64 = 1;

/// What a request's key comes to.
pub(super) enum Once {
    /// It has none.
    EachTime,
    /// It is to be done, and its key settled then.
    First(IdempotentRequest),
    /// It is answered like this.
    Answered(Response),
}

/// Looks at the key of a request with this body.
///
/// # Errors
/// When the database does not take it.
pub(super) async fn begin(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Once, Error> {
    let mut keys = headers.get_all(KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (None, _) => return Ok(Once::EachTime),
        (Some(key), None) => key.as_bytes(),
        (Some(_), Some(_)) => &[],
    };
    if key.is_empty() || key.len() > MOST {
        let words = "Send one Idempotency-Key, of 1 to 255 characters";
        let fault = InvalidField::new("idempotency-key", "malformed", words);
        return Ok(Once::Answered(Problem::unusable(vec![fault]).into_response()));
    }
    let request = IdempotentRequest::new(&app.settings.address_secret, key, body);
    let at = app.moment();
    let claimed = app.db.run(|tx| Box::pin(claim(tx, &at, &request))).await?;
    Ok(match claimed {
        Claim::Claimed => Once::First(request),
        Claim::UnderWay => Once::Answered(under_way()),
        Claim::Other => {
            let words = "This key came with another body before: use a new one";
            let fault = InvalidField::new("idempotency-key", "other-body", words);
            Once::Answered(Problem::unusable(vec![fault]).into_response())
        }
        Claim::Done(answer) => Once::Answered(replayed(answer)),
    })
}

/// Keeps what was answered, or gives the key back where nothing was done.
pub(super) async fn end(app: &App, request: &IdempotentRequest, answer: Option<&str>) {
    let settled = app.db.run(|tx| Box::pin(settle(tx, request, answer))).await;
    // It was done; who sends it again in a minute's time does it once more.
    if let Err(error) = settled {
        tracing::error!(error = ?error, "what a request with a key was answered could not be kept");
    }
}

/// The answer to what was taken.
pub(super) fn accepted(answer: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::ACCEPTED, kind, answer).into_response()
}

fn replayed(answer: String) -> Response {
    let mut response = accepted(answer);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn under_way() -> Response {
    let words = "The same request is being done: ask again in a second";
    let fault = InvalidField::new("idempotency-key", "under-way", words);
    let mut answer = Problem::new(StatusCode::CONFLICT, fault).into_response();
    answer.headers_mut().insert(header::RETRY_AFTER, COME_BACK.into());
    answer
}
