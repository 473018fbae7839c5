//! `/robots.txt`: what search engines need not ask for (RFC 9309).

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderName;
use axum::http::header;
use axum::routing::get;

use crate::web::App;

/// Links with tokens are not among them: what is forbidden here is not read, so nobody would see that it must not be
/// listed, and a link that was published somewhere would be. Their answers say so themselves.
const ROBOTS: &str = "\
User-agent: *
Disallow: /console
Disallow: /api/
Disallow: /dev/
Allow: /
";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/robots.txt", get(show))
}

async fn show() -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], ROBOTS)
}
