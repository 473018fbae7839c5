//! `Idempotency-Key`: a form that is sent again with the same key is stored once, and answered as before.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use uuid::Uuid;

use super::pending::{Pending, accepted};
use super::problem::Problem;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::flows::signup::do_once::{Known, find_stored};
use crate::store::signup::signups::Signup;
use crate::web::http::fields::InvalidField;
use crate::web::state::in_flight::UnderWay;
use crate::web::waiting::{Sent, Waiting};
use crate::web::{App, Error};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer to what was stored before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const MOST: usize = 255;
/// When what is under way will be done, in seconds.
const COME_BACK: u64 = 1;

/// What a request's key comes to.
pub(super) enum Once {
    /// It has none.
    EachTime,
    /// It is to be done; nobody else does it meanwhile.
    First(IdempotentRequest, UnderWay),
    /// It is answered like this.
    Answered(Response),
}

/// Looks at the key of a request with this body.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn begin(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Once, Error> {
    let mut keys = headers.get_all(KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (None, _) => return Ok(Once::EachTime),
        (Some(key), None) => key.as_bytes(),
        (Some(_), Some(_)) => &[],
    };
    if key.is_empty() || key.len() > MOST {
        let words = "Send one Idempotency-Key, of 1 to 255 characters";
        return Ok(Once::Answered(refused("malformed", words)));
    }
    let request = IdempotentRequest::new(&app.settings.address_secret, key, body);
    let Some(under_way) = app.in_flight.begin(request.key_hash) else {
        return Ok(Once::Answered(is_under_way()));
    };
    Ok(match find_answer(app, &request, None).await? {
        Some(answer) => Once::Answered(answer),
        None => Once::First(request, under_way),
    })
}

/// What is answered to a request that was sent before; `None` for one that was not, came to nothing, or became this form.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn find_answer(
    app: &App,
    request: &IdempotentRequest,
    own: Option<Uuid>,
) -> Result<Option<Response>, Error> {
    let known = find_stored(&mut app.db.read().await?, &app.moment(), request).await?;
    match known {
        Known::Nothing => Ok(None),
        Known::Other => {
            let words = "This key came with another body before: use a new one";
            Ok(Some(refused("other-body", words)))
        }
        Known::Stored(signup) if own == Some(signup.signup_id) => Ok(None),
        Known::Stored(signup) => replayed(app, &signup).await.map(Some),
    }
}

/// The answer to who sent this form before.
async fn replayed(app: &App, signup: &Signup) -> Result<Response, Error> {
    let sent = Sent {
        signup_id: signup.signup_id,
        email: signup.email.as_str(),
        report: signup.report_slug.as_ref(),
        chosen: vec![],
    };
    let waiting = Waiting::new(sent, None, &app.settings.mail_limit, signup.created_at);
    let mut response = accepted(Pending::document(app, &waiting).await?);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn refused(code: &'static str, words: &'static str) -> Response {
    Problem::unusable(vec![InvalidField::new("idempotency-key", code, words)]).into_response()
}

fn is_under_way() -> Response {
    let words = "The same request is being done: ask again in a second";
    let fault = InvalidField::new("idempotency-key", "under-way", words);
    let mut answer = Problem::new(StatusCode::CONFLICT, fault).into_response();
    answer.headers_mut().insert(header::RETRY_AFTER, COME_BACK.into());
    answer
}
