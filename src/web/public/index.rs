//! `GET /`: published reports and the newsletter form.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde::Serialize;

use super::newsletters;
use super::reports::ReportCard;
use super::shown_form::ShownForm;
use crate::templates::page::Page;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let reports = catalog.published().map(|offered| ReportCard::from(&offered.report)).collect();
    app.page(&IndexPage { reports, form: newsletters::form(&catalog) })
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
