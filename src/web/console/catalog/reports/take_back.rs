//! Whether a report is offered: publishing it, and taking it back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::domain::slug::Slug;
use crate::flows::catalog::publish_report::{publish_report, withdraw_report};
use crate::store::catalog::reports;
use crate::templates::page::Page;
use crate::web::address::key;
use crate::web::console::catalog::reports::page::ReportView;
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::catalog::reports::summary::Summary;
use crate::web::console::form::{Faults, fault, is_sure};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;
use crate::web::{App, Error};

pub(super) async fn publish(
    State(app): State<Arc<App>>,
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    let (act, controller) = (session.act(app.moment()), &app.site.controller);
    let done = app.db.run(|tx| Box::pin(publish_report(tx, &act, &slug, controller)));
    if let Err(error) = done.await {
        let refused = refusal(error)?;
        return ReportView::find(&app, &slug).await?.with(&app, &session, vec![refused]);
    }
    Ok(Redirect::to(&format!("/console/reports/{slug}?word=published")).into_response())
}

/// Says what is taken back, and asks.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    page(&app, &session, &key(&slug_text)?, None).await
}

pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    session: StaffSession,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    if !is_sure(&fields) {
        let words = "Tick the box if the report is to be taken back";
        return page(&app, &session, &slug, Some(fault("sure", words))).await;
    }
    let act = session.act(app.moment());
    if let Err(error) = app.db.run(|tx| Box::pin(withdraw_report(tx, &act, &slug))).await {
        return page(&app, &session, &slug, Some(refusal(error)?)).await;
    }
    Ok(Redirect::to("/console/reports?word=withdrawn").into_response())
}

async fn page(
    app: &App,
    session: &StaffSession,
    slug: &Slug,
    error: Option<FieldError>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let report = reports::find(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    let grants = reports::count_open_grants(&mut tx, report.report_id, app.clock.now()).await?;
    drop(tx);
    let errors: Faults = error.into_iter().collect();
    let page = ReportWithdrawPage { report: Summary::from(&report), grants, errors };
    if page.errors.is_empty() { session.show(app, &page) } else { session.refuse(app, &page) }
}

/// `console/report_withdraw.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ReportWithdrawPage<'a> {
    report: Summary<'a>,
    /// How many links to its file still work.
    grants: i64,
    errors: Faults,
}

impl Page for ReportWithdrawPage<'_> {
    const TEMPLATE: &'static str = "console/report_withdraw.html";

    fn samples() -> Vec<Self> {
        let report = Summary::sample(ReportStatus::Published);
        let page = |grants, errors| Self { report: report.clone(), grants, errors };
        vec![page(0, vec![]), page(1, vec![]), page(1234, vec![fault("sure", "Tick the box")])]
    }
}
