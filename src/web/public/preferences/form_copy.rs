//! `/preferences/{token}/forms/{sha256}`: a form as it stood when somebody sent it, byte by byte as evidence names it by its
//! hash.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::flows::contacts::disclose::disclose_consents;
use crate::store::consent::blank_forms;
use crate::web::headers::UNLISTED;
use crate::web::public::preferences::page::find;
use crate::web::{App, Error};

/// It is to be looked at: nothing is sent by it, and nothing in it runs.
const LOOKED_AT: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/preferences/{token}/forms/{sha256}", get(show))
}

/// Only one that they sent: a hash is no secret.
async fn show(
    State(app): State<Arc<App>>,
    Path((token, sha256)): Path<(String, String)>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let subscriber = find(&app, &mut tx, &token).await?;
    let events = disclose_consents(&mut tx, &subscriber).await?.events;
    if !events.iter().any(|event| event.how.form.as_deref() == Some(&sha256)) {
        return Err(Error::NotFound);
    }
    let document = blank_forms::find(&mut tx, &sha256).await?.ok_or(Error::NotFound)?;
    let kind = if document.starts_with('<') {
        "text/html; charset=utf-8"
    } else {
        // What a program was told to draw.
        "application/json"
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, LOOKED_AT),
        UNLISTED,
    ];
    Ok((headers, document).into_response())
}
