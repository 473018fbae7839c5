//! What is on offer, by the hashes that programs send.

use std::sync::Arc;

use super::form_document::blank;
use crate::web::form::form_context::FormContext;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

/// The form whose document has this hash now, if one has.
///
/// # Errors
/// Only our own mistake, in writing a document down.
pub(super) fn find_by_hash<'a>(
    app: &App,
    catalog: &'a Arc<Catalog>,
    sha256: &str,
) -> Result<Option<FormContext<'a>>, Error> {
    let newsletters = FormContext::of_newsletters(catalog);
    let reports = catalog.published().filter_map(|offered| {
        // Without terms there is no form.
        FormContext::of_report(catalog, offered).ok()
    });
    for context in newsletters.into_iter().chain(reports) {
        if blank(app, &context)?.sha256 == sha256 {
            return Ok(Some(context));
        }
    }
    Ok(None)
}
