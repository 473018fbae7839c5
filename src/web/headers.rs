//! Headers that every answer carries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::compression::predicate::{Predicate, SizeAbove};

use super::App;

/// No script, no inline style, nothing from elsewhere; forms go to us alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors ";

/// Who may load what is sent, whatever page asks for it.
pub(super) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// Pages of every site.
pub(super) const SHOWN_ANYWHERE: HeaderValue = HeaderValue::from_static("cross-origin");

/// Keeps what has no page to say so out of the lists of search engines.
pub(super) const UNLISTED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));

/// Marks a page that the operator's `embed_origins` may frame.
#[derive(Clone, Copy)]
pub(super) struct Embeddable;

/// Adds the security headers that the handler did not set itself.
pub(super) async fn secure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let framed = response.extensions().get::<Embeddable>().is_some();
    let framed = framed && !app.embed_origins.is_empty();
    let ancestors = if framed { app.embed_origins.join(" ") } else { "'none'".to_owned() };
    let headers = response.headers_mut();
    if framed {
        // A page that isolates itself shows in its frames only what says so (HTML, cross-origin embedder policies).
        headers.entry(RESOURCE_POLICY).or_insert(SHOWN_ANYWHERE);
    }
    if let Ok(policy) = HeaderValue::try_from(format!("{POLICY}{ancestors}")) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // `no-referrer` would make browsers send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.own_host.is_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    response
}

/// Fewer bytes than this grow by being compressed, or hardly shrink.
const WORTH_COMPRESSING: u64 = 256;

/// Whether an answer is worth compressing: pages are, and report files must keep their byte ranges.
pub(super) fn compressible() -> impl Predicate {
    SizeAbove::new(WORTH_COMPRESSING).and(is_text)
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/"))
}
