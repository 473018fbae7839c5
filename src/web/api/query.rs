//! What the address of a call asks for besides its path.

use axum::http::Uri;

use crate::web::Error;
use crate::web::http::fields::Fields;

/// Reads it, where nothing but these fields may be asked for: to leave another out of account might answer with more, or
/// with something else, than was asked for.
///
/// # Errors
/// When there is another.
pub(super) fn read(uri: &Uri, known: &'static [&'static str]) -> Result<Fields, Error> {
    let fields = Fields::parse(uri.query().unwrap_or_default().as_bytes());
    if fields.has_other_than(known) { Err(Error::UnknownField(known)) } else { Ok(fields) }
}

/// Of a call that may ask for nothing.
///
/// # Errors
/// When it does.
pub(super) fn demand_none(uri: &Uri) -> Result<(), Error> {
    read(uri, &[]).map(drop)
}
