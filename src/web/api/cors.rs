//! Which pages elsewhere may call what anybody may call: those of `embed_origins` (Fetch standard, CORS protocol). Nothing
//! of a visitor's goes along with such a call, so none is let use their cookies.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::http::body::drain;
use crate::web::{App, Error, origin};

/// For how many seconds a browser need not ask again.
const KEPT_FOR: HeaderValue = HeaderValue::from_static("600");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const SENT: HeaderValue = HeaderValue::from_static("content-type, idempotency-key");
const TOLD: HeaderValue = HeaderValue::from_static("retry-after, idempotency-replayed");

/// Refuses who may not call before anything is read, and lets those who may read what they are answered.
pub(super) async fn allow(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let elsewhere = match origin::elsewhere(&app, request.headers()) {
        Ok(elsewhere) => elsewhere.and_then(|origin| HeaderValue::try_from(origin).ok()),
        Err(error) => return with_vary(error.into_response()),
    };
    let mut answer = with_vary(next.run(request).await);
    if let Some(origin) = elsewhere {
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, TOLD);
    }
    answer
}

/// The answer to a browser that asks whether a page may call (`OPTIONS`).
pub(super) async fn preflight(request: Request) -> Result<Response, Error> {
    drain(request).await?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, SENT);
    headers.insert(ACCESS_CONTROL_MAX_AGE, KEPT_FOR);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// The same address is answered otherwise for another page.
fn with_vary(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    let told = headers.get_all(VARY).iter().filter_map(|vary| vary.to_str().ok());
    if !told.flat_map(|vary| vary.split(',')).any(|name| name.trim().eq_ignore_ascii_case("origin"))
    {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    answer
}
