//! Headers that every answer carries.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::Response;

use super::App;

/// No script unless that is said, no inline style, nothing from elsewhere; forms go to us alone.
macro_rules! policy {
    ($ancestors:literal) => {
        policy!("", $ancestors)
    };
    ($script:literal, $ancestors:literal) => {
        concat!(
            "default-src 'none'; ",
            $script,
            "style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
             frame-ancestors ",
            $ancestors
        )
    };
}

/// Who may load what is sent, whatever page asks for it.
pub(super) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// Pages of every site.
pub(super) const SHOWN_ANYWHERE: HeaderValue = HeaderValue::from_static("cross-origin");

/// Keeps what has no page to say so out of the lists of search engines.
pub(super) const UNLISTED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));

const FRAMED_BY_NOBODY: HeaderValue = HeaderValue::from_static(policy!("'none'"));

/// What stands in every answer whose handler did not say otherwise.
const FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // `no-referrer` would make browsers send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

const A_YEAR_OVER_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Marks a page that the operator's `embed_origins` may frame.
#[derive(Clone, Copy)]
pub(super) struct Embeddable;

/// Marks a page whose form asks for a bot check, which a script of ours works on.
#[derive(Clone, Copy)]
pub(super) struct Checking;

/// What lets a page run that script, which asks us for its task; `framed` where `embed_origins` may frame it, too.
pub(super) fn check_headers(app: &App, framed: bool) -> Vec<(HeaderName, HeaderValue)> {
    let nobody = || vec![(header::CONTENT_SECURITY_POLICY, FRAMED_BY_NOBODY)];
    let headers = if framed { frame_headers(app) } else { vec![] };
    let mut headers = if headers.is_empty() { nobody() } else { headers };
    for (name, value) in &mut headers {
        if *name == header::CONTENT_SECURITY_POLICY {
            let more = b"; script-src 'self'; connect-src 'self'".as_slice();
            let policy = [value.as_bytes(), more].concat();
            *value = HeaderValue::try_from(policy).unwrap_or(FRAMED_BY_NOBODY);
        }
    }
    headers
}

/// What lets the operator's `embed_origins` frame a page; nothing where there are none.
pub(super) fn frame_headers(app: &App) -> Vec<(HeaderName, HeaderValue)> {
    if app.embed_origins.is_empty() {
        return vec![];
    }
    let policy = format!("{}{}", policy!(""), app.embed_origins.join(" "));
    let policy = HeaderValue::try_from(policy).unwrap_or(FRAMED_BY_NOBODY);
    // A page that isolates itself shows in its frames only what says so (HTML, cross-origin embedder policies).
    vec![(header::CONTENT_SECURITY_POLICY, policy), (RESOURCE_POLICY, SHOWN_ANYWHERE)]
}

/// Marks an answer in the frame that pages elsewhere show.
#[derive(Clone, Copy)]
pub(super) struct InFrame;

/// What lets the operator's `embed_origins`, and the console, show the form in a frame: our scripts tell that page how tall
/// the form is, and work on a bot check.
pub(super) fn in_frame_headers(app: &App) -> [(HeaderName, HeaderValue); 2] {
    let sites = app.embed_origins.iter().fold(String::new(), |all, site| all + " " + site);
    let policy = format!("{}{sites}", policy!("script-src 'self'; connect-src 'self'; ", "'self'"));
    let policy = HeaderValue::try_from(policy).unwrap_or(FRAMED_BY_NOBODY);
    [(header::CONTENT_SECURITY_POLICY, policy), (RESOURCE_POLICY, SHOWN_ANYWHERE)]
}

/// Adds the security headers that the handler did not set itself.
pub(super) fn secure(app: &App, response: &mut Response) {
    let framed = response.extensions().get::<Embeddable>().is_some();
    let in_frame = response.extensions().get::<InFrame>().is_some();
    let checking = response.extensions().get::<Checking>().is_some();
    let headers = response.headers_mut();
    if checking {
        for (name, value) in check_headers(app, framed) {
            headers.entry(name).or_insert(value);
        }
    } else if framed {
        for (name, value) in frame_headers(app) {
            headers.entry(name).or_insert(value);
        }
    }
    if in_frame {
        headers.extend(in_frame_headers(app));
    }
    headers.reserve(FIXED.len() + 3);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(FRAMED_BY_NOBODY);
    for (name, value) in FIXED {
        headers.entry(name).or_insert(value);
    }
    if app.own_host.is_https() {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(A_YEAR_OVER_TLS);
    }
}
