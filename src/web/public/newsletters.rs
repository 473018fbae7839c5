//! `/newsletters`: the form for newsletters alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::blank_form::{FormPage, FormPages};
use super::index;
use super::shown_form::ShownForm;
use super::signup_form::{begun, checking, embeddable, page_headers, receive, rests};
use crate::domain::signup::submitted_form::form_name;
use crate::templates::page::Page;
use crate::web::form::form_context::FormContext;
use crate::web::headers::frame_headers;
use crate::web::http::fields::Fields;
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;
use crate::web::visitor::Visitor;
use crate::web::{App, Error};

/// Where the form stands, and is sent.
const PATH: &str = "/newsletters";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(PATH, get(show).post(submit))
        // The first page shows this form, too, and a form posts to the address of its page.
        .route("/", post(submit))
        .route("/newsletters/begin", get(async || Redirect::to(PATH)).post(begin))
}

async fn show(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    app.same_for_all(&request, PATH, landing).await
}

/// The page before anything is typed.
fn landing(app: &App, catalog: &Arc<Catalog>, _: &str) -> Result<Ready, Error> {
    let rests = catalog.rests(None);
    let Some(context) = FormContext::of_newsletters(catalog).filter(|_| !rests) else {
        return Ok(Ready::page(page(app, None, rests)?.0).with(frame_headers(app)));
    };
    let render = |form: ShownForm<'_>| page(app, Some(form), false);
    let html = FormPage { name: &form_name(None), render: &render }.landing(app, &context)?;
    Ok(Ready::page(html).with(page_headers(app, &context)))
}

async fn submit(visitor: Visitor, fields: Fields) -> Result<Response, Error> {
    let app = visitor.app.clone();
    let catalog = app.catalog.get().await?;
    if catalog.rests(None) {
        return Ok(rests(page(&app, None, true)?));
    }
    // The last newsletter may have gone while its form was open.
    let Some(context) = FormContext::of_newsletters(&catalog) else {
        return Ok(embeddable((StatusCode::GONE, page(&app, None, false)?).into_response()));
    };
    let own = |form: ShownForm<'_>| page(&app, Some(form), false);
    let first = |form: ShownForm<'_>| index::page(&app, &catalog, Some(form));
    let pages = FormPages {
        own: FormPage { name: &form_name(None), render: &own },
        other: Some(FormPage { name: index::NAME, render: &first }),
    };
    receive(visitor, &context, &fields, pages).await
}

/// The form, begun on another page with an address alone. Nothing is stored, so any page may lead here.
async fn begin(visitor: Visitor, fields: Fields) -> Result<Response, Error> {
    let app = &visitor.app;
    let catalog = app.catalog.get().await?;
    if catalog.rests(None) {
        return Ok(rests(page(app, None, true)?));
    }
    let Some(context) = FormContext::of_newsletters(&catalog) else {
        return Ok((StatusCode::GONE, page(app, None, false)?).into_response());
    };
    let render = |form: ShownForm<'_>| page(app, Some(form), false);
    let blank = FormPage { name: &form_name(None), render: &render }.blank(app, &context)?;
    let page = render(begun(&visitor, &context, &fields).naming(&blank.sha256))?.into_response();
    Ok(checking(&context, page))
}

/// The page; without a form while that rests, or where there is no newsletter to choose.
fn page(app: &App, form: Option<ShownForm<'_>>, rests: bool) -> Result<Html<String>, Error> {
    app.page(&NewslettersPage { form, rests })
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
