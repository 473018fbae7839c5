//! A draft that was made by mistake is deleted, with its files.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::flows::catalog::delete_report::delete_draft;
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::catalog::reports::find::find;
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::catalog::reports::summary::Summary;
use crate::web::console::form::{Faults, fault, is_sure};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::upload;

/// Says what goes, and asks.
pub(super) async fn ask(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    page(&session, &slug_text, vec![]).await
}

pub(super) async fn delete(
    session: StaffSession,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let slug = key(&slug_text)?;
    if !is_sure(&fields) {
        let words = "Tick the box if the draft is to be deleted";
        return page(&session, &slug_text, vec![fault("sure", words)]).await;
    }
    let act = session.act();
    let unnamed = match app.db.run(|tx| Box::pin(delete_draft(tx, &act, &slug))).await {
        Ok(unnamed) => unnamed,
        Err(error) => return page(&session, &slug_text, vec![refusal(error)?]).await,
    };
    for key in unnamed {
        upload::remove(&app.files, key);
    }
    Ok(Redirect::to("/console/reports?word=deleted").into_response())
}

async fn page(session: &StaffSession, slug_text: &str, errors: Faults) -> Result<Response, Error> {
    let report = find(&session.app, slug_text).await?;
    let page = ReportDeletePage { report: Summary::from(&report), errors };
    session.show_with(&page, &page.errors)
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
