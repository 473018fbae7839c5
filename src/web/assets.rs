//! The stylesheet: built in, cached for good under a name that changes with its content.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{App, Error};
use crate::domain::notice::sha256_hex;

const SITE_CSS: &str = include_str!("../../assets/site.css");

static STYLESHEET: LazyLock<String> =
    LazyLock::new(|| format!("/assets/site.{}.css", &sha256_hex(SITE_CSS.as_bytes())[..12]));

/// The path of the stylesheet.
#[must_use]
pub fn stylesheet() -> &'static str {
    &STYLESHEET
}

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/assets/{name}", get(show))
}

async fn show(Path(name): Path<String>) -> Result<Response, Error> {
    if stylesheet().strip_prefix("/assets/") != Some(name.as_str()) {
        return Err(Error::NotFound);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, SITE_CSS).into_response())
}
