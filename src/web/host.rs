//! Only requests for our own host are answered: links come from `base_url`, and nobody gets to choose
//! another origin for pages.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use super::error::Error;
use super::state::app::App;

/// Asked by whatever watches the program, under whatever name it uses.
const ANY_HOST: [&str; 2] = ["/livez", "/readyz"];

/// Answers 421 to requests for other hosts (RFC 9110 §15.5.20).
pub(super) async fn check(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let named = named_host(request.uri(), request.headers());
    let any = ANY_HOST.contains(&request.uri().path());
    if any || named.as_ref().is_some_and(|host| app.own_host.is(host)) {
        Ok(next.run(request).await)
    } else {
        // Most often a proxy that passes on its own name, or a `base_url` that is not the one people see.
        let asked: Option<String> = named.map(|host| host.chars().take(255).collect());
        tracing::info!(asked, own = app.own_host.name(), "refused a request for another host");
        Err(Error::Misdirected)
    }
}

/// The host a request names; `None` when it names none, or its target another. That it names one at most was checked
/// before ([`crate::web::http::framing`]).
fn named_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let differs = uri.authority().is_some_and(|authority| authority.as_str() != host);
    (!differs).then(|| host.to_owned())
}
