//! `GET /`: published reports and the newsletter form.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, Response};
use axum::routing::get;
use serde::Serialize;

use super::blank_form::FormPage;
use super::reports::ReportCard;
use super::shown_form::ShownForm;
use crate::templates::page::Page;
use crate::web::form::form_context::FormContext;
use crate::web::headers::check_headers;
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

/// By which the blank form of this page says what it is of.
pub(super) const NAME: &str = "index";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/", get(show))
}

async fn show(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    app.same_for_all(&request, "/", index).await
}

fn index(app: &App, catalog: &Arc<Catalog>, _: &str) -> Result<Ready, Error> {
    let context = FormContext::of_newsletters(catalog).filter(|_| !catalog.rests(None));
    let Some(context) = context else { return Ok(Ready::page(page(app, catalog, None)?.0)) };
    let render = |form: ShownForm<'_>| page(app, catalog, Some(form));
    let page = Ready::page(FormPage { name: NAME, render: &render }.landing(app, &context)?);
    Ok(if context.asks_check() { page.with(check_headers(app, false)) } else { page })
}

/// The page, with the form for newsletters where there is one to choose.
pub(super) fn page(
    app: &App,
    catalog: &Catalog,
    form: Option<ShownForm<'_>>,
) -> Result<Html<String>, Error> {
    let reports = catalog.published().map(|offered| ReportCard::from(&offered.report)).collect();
    app.page(&IndexPage { reports, form })
}

/// `public/index.html`.
#[derive(Serialize)]
pub(super) struct IndexPage<'a> {
    reports: Vec<ReportCard<'a>>,
    form: Option<ShownForm<'a>>,
}

impl Page for IndexPage<'_> {
    const TEMPLATE: &'static str = "public/index.html";

    fn samples() -> Vec<Self> {
        let reports = [Some(8), Some(1), None].map(ReportCard::sample).to_vec();
        let form = ShownForm::newsletter_sample();
        vec![
            Self { reports: vec![], form: None },
            Self { reports: vec![], form: Some(form.clone()) },
            Self { reports: reports.clone(), form: Some(form.clone()) },
            Self { reports, form: Some(form.refused()) },
        ]
    }
}
