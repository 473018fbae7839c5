//! What is on offer, by the names that programs use.

use std::sync::Arc;

use super::form_document::blank;
use crate::domain::slug::Slug;
use crate::web::form::form_context::{FormContext, find_report};
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

/// The form for newsletters alone. A report of this short name has its form on our own pages alone.
const NEWSLETTERS: &str = "newsletters";

/// Whose form a name means: a report's, or nobody's for that of newsletters alone.
///
/// # Errors
/// When it can be no name.
pub(super) fn form_slug(name: &str) -> Result<Option<Slug>, Error> {
    if name == NEWSLETTERS {
        return Ok(None);
    }
    name.parse().map(Some).map_err(|_| Error::NotFound)
}

/// The form of a report that is offered, or that of newsletters alone.
///
/// # Errors
/// When there is no such form, or no more.
pub(super) fn find_form<'a>(
    catalog: &'a Arc<Catalog>,
    report: Option<&Slug>,
) -> Result<FormContext<'a>, Error> {
    let Some(slug) = report else {
        return FormContext::of_newsletters(catalog).ok_or(Error::NotFound);
    };
    FormContext::of_report(catalog, find_report(catalog, slug)?)
}

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
