//! Only requests for our own host are answered: links come from `base_url`, and nobody gets to choose
//! another origin for pages.

use axum::extract::Request;
use axum::http::{HeaderMap, Uri, header};

use super::error::Error;
use super::state::app::App;

/// Asked by whatever watches the program, under whatever name it uses.
const ANY_HOST: [&str; 2] = ["/livez", "/readyz"];

/// Refuses requests for other hosts with 421 (RFC 9110 §15.5.20).
pub(super) fn check(app: &App, request: &Request) -> Result<(), Error> {
    let named = named_host(request.uri(), request.headers());
    if named.is_some_and(|host| app.own_host.is(host)) || ANY_HOST.contains(&request.uri().path()) {
        return Ok(());
    }
    // Most often a proxy that passes on its own name, or a `base_url` that is not the one people see.
    let asked: Option<String> = named.map(|host| host.chars().take(255).collect());
    tracing::info!(asked, own = app.own_host.name(), "refused a request for another host");
    Err(Error::Misdirected)
}

/// The host a request names; `None` when it names none, or its target another. That it names one at most was checked
/// before ([`crate::web::http::framing`]).
fn named_host<'a>(uri: &Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let differs = uri.authority().is_some_and(|authority| authority.as_str() != host);
    (!differs).then_some(host)
}
