//! A draft that was made by mistake is deleted, with its files.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::domain::slug::Slug;
use crate::flows::catalog::delete_report::delete_draft;
use crate::store::catalog::reports;
use crate::templates::page::Page;
use crate::web::address::key;
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::catalog::reports::summary::Summary;
use crate::web::console::form::{Faults, fault, is_sure};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;
use crate::web::http::upload;
use crate::web::{App, Error};

/// Says what goes, and asks.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    page(&app, &session, &key(&slug_text)?, None).await
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    session: StaffSession,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    if !is_sure(&fields) {
        let words = "Tick the box if the draft is to be deleted";
        return page(&app, &session, &slug, Some(fault("sure", words))).await;
    }
    let act = session.act(app.moment());
    let files = match app.db.run(|tx| Box::pin(delete_draft(tx, &act, &slug))).await {
        Ok(files) => files,
        Err(error) => return page(&app, &session, &slug, Some(refusal(error)?)).await,
    };
    upload::remove(&app.files, files.file_key);
    if let Some(cover) = files.cover_key {
        upload::remove(&app.files, cover);
    }
    Ok(Redirect::to("/console/reports?word=deleted").into_response())
}

async fn page(
    app: &App,
    session: &StaffSession,
    slug: &Slug,
    error: Option<FieldError>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let report = reports::find(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let errors: Faults = error.into_iter().collect();
    let page = ReportDeletePage { report: Summary::from(&report), errors };
    if page.errors.is_empty() { session.show(app, &page) } else { session.refuse(app, &page) }
}

/// `console/report_delete.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ReportDeletePage<'a> {
    report: Summary<'a>,
    errors: Faults,
}

impl Page for ReportDeletePage<'_> {
    const TEMPLATE: &'static str = "console/report_delete.html";

    fn samples() -> Vec<Self> {
        let page = |status, errors| Self { report: Summary::sample(status), errors };
        vec![
            page(ReportStatus::Draft, vec![]),
            page(ReportStatus::Draft, vec![fault("sure", "Tick the box")]),
            page(ReportStatus::Published, vec![fault("form", "This report is no draft any more")]),
            page(ReportStatus::Withdrawn, vec![]),
        ]
    }
}
