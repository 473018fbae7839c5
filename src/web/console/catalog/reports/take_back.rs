//! Whether a report is offered: publishing it, and taking it back.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::flows::catalog::publish_report::{publish_report, withdraw_report};
use crate::store::catalog::reports;
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::catalog::reports::find::find;
use crate::web::console::catalog::reports::page::ReportView;
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::catalog::reports::summary::Summary;
use crate::web::console::form::{Faults, fault, is_sure};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;

pub(super) async fn publish(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let app = &session.app;
    let slug = key(&slug_text)?;
    let (act, controller) = (session.act(), &app.site.controller);
    let done = app.db.run(|tx| Box::pin(publish_report(tx, &act, &slug, controller)));
    if let Err(error) = done.await {
        let refused = refusal(error)?;
        return ReportView::find(app, &slug).await?.with(&session, vec![refused]);
    }
    Ok(Redirect::to(&format!("/console/reports/{slug}?word=published")).into_response())
}

/// Says what is taken back, and asks.
pub(super) async fn ask(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    page(&session, &slug_text, vec![]).await
}

pub(super) async fn withdraw(
    session: StaffSession,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    if !is_sure(&fields) {
        let words = "Tick the box if the report is to be taken back";
        return page(&session, &slug_text, vec![fault("sure", words)]).await;
    }
    let act = session.act();
    if let Err(error) = session.app.db.run(|tx| Box::pin(withdraw_report(tx, &act, &slug))).await {
        return page(&session, &slug_text, vec![refusal(error)?]).await;
    }
    Ok(Redirect::to("/console/reports?word=withdrawn").into_response())
}

async fn page(session: &StaffSession, slug_text: &str, errors: Faults) -> Result<Response, Error> {
    let app = &session.app;
    let report = find(app, slug_text).await?;
    let tx = &mut app.db.read().await?;
    let grants = reports::count_open_grants(tx, report.report_id, app.clock.now()).await?;
    let page = ReportWithdrawPage { report: Summary::from(&report), grants, errors };
    session.show_with(&page, &page.errors)
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
