//! Whose pages may post our forms.

use axum::http::{HeaderMap, header};

use super::{App, Error};

/// Refuses a form that a browser sent from a page of another site. A request without `Origin` is not
/// from such a page.
pub(super) fn check(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let ours = origin.to_str().is_ok_and(|origin| {
        app.own_host.is_origin(origin) || app.embed_origins.iter().any(|known| known == origin)
    });
    if ours { Ok(()) } else { Err(Error::ForeignOrigin) }
}
