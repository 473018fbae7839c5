//! Bodies: no larger than they may be, of the right type, in time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::web::Error;
use crate::web::http::fields::Fields;

/// The largest form.
const MAX: usize = 64 * 1024;
/// How long a body may take to arrive.
const DEADLINE: Duration = Duration::from_secs(10);

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let (head, body) = request.into_parts();
        read_form(&head.headers, body, MAX).await
    }
}

/// Reads the fields of a form of at most `most` bytes.
pub(in crate::web) async fn read_form(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Fields, Error> {
    let body = read(headers, body, most).await?;
    if !body.is_empty() && !is_form(headers) {
        return Err(Error::WrongType);
    }
    Ok(Fields::parse(&body))
}

/// Reads a body of any type to its end, within the limits of a form, and drops it.
pub(in crate::web) async fn drain(request: Request) -> Result<(), Error> {
    let (head, body) = request.into_parts();
    read(&head.headers, body, MAX).await.map(drop)
}

/// Reads a body of at most `most` bytes.
pub(in crate::web) async fn read(
    headers: &HeaderMap,
    body: Body,
    most: usize,
) -> Result<Bytes, Error> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.is_some_and(|length| length.parse::<usize>().is_ok_and(|length| length > most)) {
        return Err(Error::TooLarge);
    }
    let reading = Limited::new(body, most).collect();
    match tokio::time::timeout(DEADLINE, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::TooLarge),
        Ok(Err(_)) => Err(Error::Malformed),
        Err(_) => Err(Error::TooSlow),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}
