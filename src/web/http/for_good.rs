//! What never changes under its address.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::validators::Validators;
use crate::web::Error;

/// Whoever has it need not ask again for a year (RFC 8246).
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The answer to whoever asks for something that stays as it is for good: of this media type, told by these
/// validators.
///
/// # Errors
/// When a condition of the request failed.
pub(in crate::web) fn for_good(
    request: &HeaderMap,
    state: &Validators,
    kind: &'static str,
    body: impl IntoResponse,
) -> Result<Response, Error> {
    let mut headers = headers(state, kind);
    if let Some(same) = state.not_modified(request, &headers)? {
        return Ok(same);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok((headers, body).into_response())
}

/// What it says of itself, sent or not.
pub(super) fn headers(state: &Validators, kind: &str) -> HeaderMap {
    let mut headers = state.headers();
    headers.insert(header::CACHE_CONTROL, FOR_GOOD);
    if kind.starts_with("text/") {
        // Packing says so itself, but not beside 304.
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    headers
}
