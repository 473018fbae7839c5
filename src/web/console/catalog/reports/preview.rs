//! `/console/reports/{slug}/preview`: the landing page as readers would see it; its form does nothing.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use crate::web::address::key;
use crate::web::console::desk::Desk;
use crate::web::{App, Error, public};

pub(super) async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let offered = catalog.report(&key(&slug_text)?).ok_or(Error::NotFound)?;
    let report = &offered.report;
    // Nothing takes a form there, should a template of the operator's own show one that can be sent.
    let path = format!("/console/reports/{}/preview", report.slug);
    let mut context = public::preview(&catalog, offered, path);
    let cover =
        report.cover_key.as_ref().map(|_| format!("/console/reports/{}/cover", report.slug));
    context["report"]["cover"] = json!(cover);
    if report.published_at.is_none() {
        context["report"]["date"] = json!(null);
    }
    context["state"] = json!(report.status.as_str());
    desk.page(&app, "console/report_preview.html", context)
}
