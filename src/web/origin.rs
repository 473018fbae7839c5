//! Whose pages may post our forms.

use axum::http::{HeaderMap, header};

use super::{App, Error};

/// Refuses a form that a browser sent from a page of another site. A request without `Origin` is not
/// from such a page.
pub(super) fn check(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let ours = origin
        .to_str()
        .is_ok_and(|origin| app.own_host.is_origin(origin) || known(app, origin).is_some());
    if ours { Ok(()) } else { Err(foreign(headers)) }
}

/// This origin, if it is one of `embed_origins`.
pub(super) fn known(app: &App, origin: &str) -> Option<String> {
    app.embed_origins.iter().find(|known| *known == origin).cloned()
}

/// The origin of a page of `embed_origins` that a form was sent from; `None` for one of ours, and where it is not said. On
/// loopback all ports are ours but those that are named there.
///
/// # Errors
/// As [`check`].
pub(super) fn elsewhere(app: &App, headers: &HeaderMap) -> Result<Option<String>, Error> {
    check(app, headers)?;
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    Ok(origin.and_then(|origin| known(app, origin)))
}

/// From where a form was sent, as its browser says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SentFrom {
    /// A page of ours.
    Ours,
    /// A page of this origin, of `embed_origins`.
    Elsewhere(String),
    /// Another site, of which a browser does not say which, or one that contradicts itself.
    Unsaid,
    /// Nothing is said: an older browser, or a program.
    Silent,
}

/// From where a form was sent. Browsers say it by `Origin` with every form since 2020, and by Fetch Metadata where the
/// connection is secure; either is enough, and what contradicts itself says nothing.
///
/// # Errors
/// As [`check`].
pub(super) fn sent_from(app: &App, headers: &HeaderMap) -> Result<SentFrom, Error> {
    if let Some(origin) = elsewhere(app, headers)? {
        return Ok(SentFrom::Elsewhere(origin));
    }
    let site = headers.get("sec-fetch-site").map(|site| site.to_str().unwrap_or("?"));
    Ok(match (headers.contains_key(header::ORIGIN), site) {
        (_, Some("same-origin")) | (true, None | Some("none")) => SentFrom::Ours,
        (false, None) => SentFrom::Silent,
        _ => SentFrom::Unsaid,
    })
}

/// Where the browser says that it does not say (the fetch standard's opaque origin), nobody need have done anything
/// wrong: a frame that was shut off, a page that was saved, a setting.
fn foreign(headers: &HeaderMap) -> Error {
    let hidden = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == b"null");
    if hidden { Error::HiddenOrigin } else { Error::ForeignOrigin }
}

/// Refuses a form of the console that a browser sent from another site; unlike [`check`], no page elsewhere may hold
/// one. Browsers also say where a request comes from when they send no `Origin` (Fetch Metadata).
pub(super) fn check_console(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_foreign = said("origin").is_some_and(|origin| !app.own_host.is_origin(origin))
        || said("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    if is_foreign { Err(foreign(headers)) } else { Ok(()) }
}
