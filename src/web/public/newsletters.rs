//! `/newsletters`: the form for newsletters alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use super::shown_form::ShownForm;
use super::signup_form::{FormContext, blank, embeddable, page_form, receive, rests};
use crate::templates::page::Page;
use crate::web::http::fields::Fields;
use crate::web::state::catalog::Catalog;
use crate::web::visitor::Visitor;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/newsletters", get(show).post(submit))
}

/// What the form is made of, while there is a newsletter to choose and a policy to agree to.
fn form_context(catalog: &Arc<Catalog>) -> Option<FormContext<'_>> {
    let (policy, consent) = catalog.terms()?;
    (!catalog.newsletters.is_empty()).then(|| FormContext {
        catalog,
        path: "/newsletters".to_owned(),
        report: None,
        offers: &catalog.newsletters,
        policy,
        consent,
    })
}

/// What the form shows; none when there is nothing to sign up to, or while it rests.
pub(super) fn form(catalog: &Arc<Catalog>) -> Option<ShownForm<'_>> {
    let context = form_context(catalog).filter(|_| !catalog.rests(None))?;
    Some(page_form(&context, None))
}

async fn show(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let rests = catalog.rests(None);
    let Some(context) = form_context(&catalog).filter(|_| !rests) else {
        let page = app.page(&NewslettersPage { form: None, rests })?;
        return Ok(embeddable(page.into_response()));
    };
    let form = blank(&app, &context, |form| {
        app.page(&NewslettersPage { form: Some(form), rests: false })
    })?;
    Ok(embeddable(Html(form.page().to_owned()).into_response()))
}

async fn submit(visitor: Visitor, fields: Fields) -> Result<Response, Error> {
    let app = &visitor.app;
    let catalog = app.catalog.get().await?;
    if catalog.rests(None) {
        return Ok(rests(app.page(&NewslettersPage { form: None, rests: true })?));
    }
    // The last newsletter may have gone while its form was open.
    let Some(context) = form_context(&catalog) else {
        let page = app.page(&NewslettersPage { form: None, rests: false })?;
        return Ok(embeddable((StatusCode::GONE, page).into_response()));
    };
    let again = |form: ShownForm<'_>| app.page(&NewslettersPage { form: Some(form), rests: false });
    receive(&visitor, &context, &fields, again).await
}

/// `public/newsletters.html`.
#[derive(Serialize)]
pub(super) struct NewslettersPage<'a> {
    form: Option<ShownForm<'a>>,
    rests: bool,
}

impl Page for NewslettersPage<'_> {
    const TEMPLATE: &'static str = "public/newsletters.html";

    fn samples() -> Vec<Self> {
        let form = ShownForm::newsletter_sample();
        vec![
            Self { form: Some(form.clone()), rests: false },
            Self { form: Some(form.refused()), rests: false },
            Self { form: None, rests: true },
            Self { form: None, rests: false },
        ]
    }
}
