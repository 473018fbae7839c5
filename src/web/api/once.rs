//! `Idempotency-Key`: a form that is sent again with the same key is stored once, and answered as before.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::json::Document;
use super::pending::{Pending, accepted};
use super::problem::Problem;
use super::signup_body::SignupBody;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::flows::signup::do_once::{Known, look_up};
use crate::store::signup::idempotent_requests::StoredRequest;
use crate::web::http::fields::InvalidField;
use crate::web::state::in_flight::UnderWay;
use crate::web::waiting::{Sent, Waiting};
use crate::web::{App, Error, origin};

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

/// Looks at the key of a request.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn begin(
    app: &App,
    headers: &HeaderMap,
    sent: &Document<SignupBody>,
) -> Result<Once, Error> {
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
    let request = IdempotentRequest::new(&app.settings.address_secret, key, &sent.bytes);
    let Some(under_way) = app.in_flight.begin(request.key_hash) else {
        return Ok(Once::Answered(is_under_way()));
    };
    let drawn_by = sent.value.drawn_by(&origin::sent_from(app, headers)?);
    let asked = Asked { email: &sent.value.email, by_link: drawn_by.must_be_shown_again() };
    Ok(match look_up(&mut app.db.read().await?, &app.moment(), &request).await? {
        Known::Nothing => Once::First(request, under_way),
        Known::Other => Once::Answered(other_body()),
        Known::Taken(stored) => match replayed(app, asked, &stored).await? {
            Some(answer) => Once::Answered(answer),
            None => Once::First(request, under_way),
        },
    })
}

/// What is answered to a request whose form another process stored meanwhile; `None` where it is the form that is waited for
/// here.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn find_other(
    app: &App,
    request: &IdempotentRequest,
    own: &Waiting,
) -> Result<Option<Response>, Error> {
    let asked = Asked { email: &own.email, by_link: own.by_link };
    match look_up(&mut app.db.read().await?, &app.moment(), request).await? {
        Known::Nothing => Ok(None),
        Known::Other => Ok(Some(other_body())),
        Known::Taken(stored) if stored.signup_id == own.signup_id => Ok(None),
        Known::Taken(stored) => replayed(app, asked, &stored).await,
    }
}

/// What is told to who sends a form again is made of what they send: so it is the same when somebody was erased since, whom
/// they may have signed up.
#[derive(Clone, Copy)]
struct Asked<'a> {
    email: &'a str,
    by_link: bool,
}

/// The answer to who sent this form before; `None` where its address is none, by the rules of now.
async fn replayed(
    app: &App,
    asked: Asked<'_>,
    stored: &StoredRequest,
) -> Result<Option<Response>, Error> {
    let Ok(email) = EmailAddress::parse(asked.email) else { return Ok(None) };
    let sent = Sent {
        signup_id: stored.signup_id,
        email: email.as_str(),
        report: stored.report.as_ref(),
        chosen: vec![],
        by_link: asked.by_link,
    };
    let waiting = Waiting::new(sent, None, &app.settings.mail_limit, stored.stored_at);
    let mut response = accepted(Pending::document(app, &waiting).await?);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(Some(response))
}

fn other_body() -> Response {
    refused("other-body", "This key came with another body before: use a new one")
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
