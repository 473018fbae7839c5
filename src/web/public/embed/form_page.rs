//! The form in the frame: blank, as it was refused, or while it rests.

use std::sync::Arc;

use axum::response::Html;
use serde::Serialize;

use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::templates::page::Page;
use crate::web::error::Gone;
use crate::web::form::code::TOO_LATE;
use crate::web::form::form_context::{FormContext, find_form};
use crate::web::form::frame::Frame;
use crate::web::http::fields::FieldError;
use crate::web::public::blank_form::FormPage;
use crate::web::public::shown_form::{Refused, ShownForm, Values, page_form};
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

/// The form of a report that is offered, or that for newsletters alone, as it stands in this frame.
pub(super) fn context<'a>(
    catalog: &'a Arc<Catalog>,
    report: Option<&Slug>,
    frame: &Frame,
) -> Result<FormContext<'a>, Error> {
    let context = match report {
        Some(_) => find_form(catalog, report)?,
        None => FormContext::of_newsletters(catalog).ok_or_else(no_newsletter)?,
    };
    Ok(FormContext { path: frame.path.clone(), ..context })
}

fn no_newsletter() -> Error {
    Gone {
        title: "There is no newsletter to sign up to at present".to_owned(),
        message: "Whoever gets one already goes on getting it.".to_owned(),
        fresh: None,
        start_again: None,
    }
    .into()
}

/// By which the blank form in the frame says which form it is.
pub(super) fn name(context: &FormContext<'_>) -> String {
    format!("embed/{}", form_name(context.report.map(|report| &report.slug)))
}

/// The page; without a form while that rests. The blank form that evidence keeps names no page around it: it is one for all
/// of them.
pub(super) fn page(
    app: &App,
    frame: &Frame,
    context: &FormContext<'_>,
    form: Option<ShownForm<'_>>,
) -> Result<Html<String>, Error> {
    let is_evidence = form.as_ref().is_some_and(|form| form.blank.is_empty());
    let frame = if is_evidence { frame.without_host() } else { frame.clone() };
    let report = context.report.map(|report| FramedReport { title: &report.title });
    app.page(&EmbedFormPage { frame, report, form })
}

/// The form anew, for who went on too late.
pub(super) fn lost(
    app: &App,
    frame: &Frame,
    context: &FormContext<'_>,
) -> Result<Html<String>, Error> {
    let render = |form: ShownForm<'_>| page(app, frame, context, Some(form));
    let blank = FormPage { name: &name(context), render: &render }.blank(app, context)?;
    let refused = Refused {
        values: Values::default(),
        consent: false,
        ticked: vec![],
        errors: vec![FieldError::new("form", TOO_LATE)],
    };
    let form = page_form(context, Some(refused)).checking(context).naming(&blank.sha256);
    render(form.posting_to(frame.path.clone()))
}

/// `public/embed_form.html`.
#[derive(Serialize)]
pub(in crate::web) struct EmbedFormPage<'a> {
    frame: Frame,
    report: Option<FramedReport<'a>>,
    form: Option<ShownForm<'a>>,
}

/// The report behind the form.
#[derive(Clone, Copy, Serialize)]
struct FramedReport<'a> {
    title: &'a str,
}

impl Page for EmbedFormPage<'_> {
    const TEMPLATE: &'static str = "public/embed_form.html";

    fn samples() -> Vec<Self> {
        let [told, untold] = Frame::samples();
        let report = Some(FramedReport { title: "Digital councils: where they stand" });
        let (form, newsletters) = (ShownForm::sample(), ShownForm::newsletter_sample());
        vec![
            Self { frame: told.clone(), report, form: Some(form.clone()) },
            Self { frame: untold.clone(), report, form: Some(form.refused()) },
            Self { frame: told.clone(), report: None, form: Some(newsletters.clone()) },
            Self { frame: untold, report: None, form: Some(newsletters.refused()) },
            Self { frame: told.clone(), report, form: None },
            Self { frame: told, report: None, form: None },
        ]
    }
}
