//! The blank form: where a form's page is rendered before anything is typed, the same for all readers, as evidence keeps
//! it. The page that is served names that document by its SHA-256 in a hidden field, and sends it back: so evidence says
//! nothing of a page that its reader did not see.

use std::sync::Arc;

use axum::response::Html;

use super::shown_form::{ShownForm, page_form};
use crate::domain::consent::blank_form::BlankForm;
use crate::web::form::form_context::FormContext;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

/// The field in which a page names the blank form that it shows.
const FIELD: &str = "blank";

/// A page of ours on which a form stands.
#[derive(Clone, Copy)]
pub(super) struct FormPage<'a> {
    /// By which the document says which form it is.
    pub name: &'a str,
    /// The page with this form on it.
    pub render: &'a (dyn Fn(ShownForm<'_>) -> Result<Html<String>, Error> + Sync),
}

/// The pages on which one form stands.
#[derive(Clone, Copy)]
pub(super) struct FormPages<'a> {
    /// That of its own path, on which it is shown again when it is refused.
    pub own: FormPage<'a>,
    /// Another one, if there is one.
    pub other: Option<FormPage<'a>>,
}

impl FormPage<'_> {
    /// The page before anything is typed, as evidence keeps it: it names nothing, for what is hashed cannot hold its own
    /// hash.
    pub(super) fn blank(
        &self,
        app: &App,
        context: &FormContext<'_>,
    ) -> Result<Arc<BlankForm>, Error> {
        app.ready_pages.form(context.catalog, self.name, || {
            let page = (self.render)(page_form(context, None).naming(""))?.0;
            Ok(BlankForm::new(self.name, &context.policy.label, &page))
        })
    }

    /// The same page as it is served, which names that form.
    pub(super) fn landing(&self, app: &App, context: &FormContext<'_>) -> Result<String, Error> {
        let blank = self.blank(app, context)?;
        Ok((self.render)(page_form(context, None).checking(context).naming(&blank.sha256))?.0)
    }
}

impl FormPages<'_> {
    /// The blank form of the page from which this was sent, if that page was what it would be now. Of one that was opened
    /// before something changed, of a form that is no page of ours, and of one that does not say, nobody knows.
    pub(super) fn shown(
        &self,
        app: &App,
        context: &FormContext<'_>,
        fields: &Fields,
    ) -> Result<Option<Arc<BlankForm>>, Error> {
        let named = fields.one(FIELD);
        if named.is_empty() || fields.is_repeated(FIELD) || fields.is_faulty(FIELD) {
            return Ok(None);
        }
        for page in std::iter::once(self.own).chain(self.other) {
            let blank = page.blank(app, context)?;
            if blank.sha256 == named {
                return Ok(Some(blank));
            }
        }
        Ok(None)
    }
}
