//! `/console/reports/{slug}/preview`: the landing page as readers would see it; its form does nothing.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::staff_session::StaffSession;
use crate::web::public::{ReportPage, preview};

pub(super) async fn show(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let catalog = session.app.catalog.get().await?;
    let offered = catalog.report(&key(&slug_text)?).ok_or(Error::NotFound)?;
    let report = &offered.report;
    // Nothing takes a form there, should a template of the operator's own show one that can be sent.
    let path = format!("/console/reports/{}/preview", report.slug);
    let mut page = preview(&catalog, offered, path);
    page.report.card.cover =
        report.cover().map(|_| format!("/console/reports/{}/cover", report.slug));
    page.report.card.date = report.published_at;
    session.show(&ReportPreviewPage { page, state: report.status.as_str() })
}

/// `console/report_preview.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ReportPreviewPage<'a> {
    #[serde(flatten)]
    page: ReportPage<'a>,
    state: &'static str,
}

impl Page for ReportPreviewPage<'_> {
    const TEMPLATE: &'static str = "console/report_preview.html";

    fn samples() -> Vec<Self> {
        let states = [ReportStatus::Draft, ReportStatus::Published, ReportStatus::Withdrawn];
        let pages = ReportPage::samples().into_iter().zip(states.into_iter().cycle());
        pages.map(|(page, state)| Self { page, state: state.as_str() }).collect()
    }
}
