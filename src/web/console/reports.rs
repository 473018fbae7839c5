//! `/console/reports`: reports and their files, what became of their forms, and offering them.

mod add;
mod delete;
mod files;
mod form;
mod page;
mod preview;
mod standing;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::address::with_fields;
use super::counting::Counted;
use super::desk::{Asked, Desk, fault};
use super::route::Route;
use crate::domain::media_type::MediaType;
use crate::domain::purpose::Purpose;
use crate::domain::report::{ReportStatus, readable_size};
use crate::domain::right::Right;
use crate::flows::add_report::ReportError;
use crate::store::reports::{self, Report, ReportFigures};
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/reports", Right::See, list),
        Route::get("/console/reports/new", Right::Offer, add::ask),
        Route::upload("/console/reports/new", Right::Offer, add::add),
        Route::get("/console/reports/{slug}", Right::See, page::show),
        Route::post("/console/reports/{slug}", Right::Offer, page::save),
        Route::get("/console/reports/{slug}/preview", Right::See, preview::show),
        Route::get("/console/reports/{slug}/cover", Right::See, files::cover),
        Route::upload("/console/reports/{slug}/cover", Right::Offer, files::replace_cover),
        Route::get("/console/reports/{slug}/file", Right::See, files::file),
        Route::upload("/console/reports/{slug}/file", Right::Offer, files::replace_file),
        Route::get("/console/reports/{slug}/delete", Right::Offer, delete::ask),
        Route::post("/console/reports/{slug}/delete", Right::Offer, delete::delete),
        Route::post("/console/reports/{slug}/publish", Right::Offer, standing::publish),
        Route::get("/console/reports/{slug}/withdraw", Right::Offer, standing::ask),
        Route::post("/console/reports/{slug}/withdraw", Right::Offer, standing::withdraw),
    ]
}

async fn list(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let all = reports::list(&mut tx).await?;
    let offers = reports::list_offers(&mut tx).await?;
    drop(tx);
    let counted = app.figures.reports.get(()).await;
    let shown: Vec<Value> = all
        .iter()
        .map(|report| {
            let mut shown = summary(report);
            shown["figures"] = figures_of(counted.as_deref(), report);
            let offered = offers.iter().find(|(id, _)| *id == report.report_id);
            shown["contacts_path"] = json!(contacts_path(report, offered.map(|(_, first)| first)));
            shown
        })
        .collect();
    let word = match asked.one("word") {
        "withdrawn" => Some("The report is no longer offered."),
        "deleted" => Some("The draft is deleted."),
        _ => None,
    };
    let counted_at = counted.map(|counted| counted.at);
    let context = json!({"reports": shown, "counted_at": counted_at, "word": word});
    desk.page(&app, "console/reports.html", context)
}

/// Where a report's contacts are exported: who may be written to for the first thing that its form offers, a
/// newsletter if there is one. What it stands for is chosen there when it offers nothing.
fn contacts_path(report: &Report, first: Option<&Purpose>) -> String {
    let purpose = first.map_or("", Purpose::as_str);
    with_fields("/console/exports", &[("purpose", purpose), ("report", report.slug.as_str())])
}

/// What every screen says of a report.
fn summary(report: &Report) -> Value {
    let format = MediaType::named(&report.media_type).map_or("File", |kind| kind.format);
    let public =
        (report.status == ReportStatus::Published).then(|| format!("/reports/{}", report.slug));
    json!({
        "slug": report.slug,
        "title": report.title,
        "path": format!("/console/reports/{}", report.slug),
        "state": report.status.as_str(),
        "format": format,
        "size": readable_size(report.byte_size),
        "pages": report.pages,
        "added_at": report.created_at.to_string(),
        "published_at": report.published_at.map(|at| at.to_string()),
        "public_path": public,
    })
}

/// What became of a report's form; nothing, while that is counted for the first time.
fn figures_of(counted: Option<&Counted<Vec<ReportFigures>>>, report: &Report) -> Value {
    let figures = counted.map(|counted| {
        let found = counted.figures.iter().find(|of| of.report_id == report.report_id);
        let none =
            ReportFigures { report_id: report.report_id, signups: 0, confirmed: 0, downloads: 0 };
        found.copied().unwrap_or(none)
    });
    json!({
        "signups": figures.map(|figures| figures.signups),
        "confirmed": figures.map(|figures| figures.confirmed),
        "downloads": figures.map(|figures| figures.downloads),
    })
}

/// A refusal as the page says it, by field; what is no refusal is an error.
fn refusal(error: ReportError) -> Result<Value, Error> {
    let (field, message) = match error {
        ReportError::Taken(slug) => {
            ("slug", format!("There is a report “{slug}” already: choose another short name"))
        }
        ReportError::Reserved(slug) => {
            ("slug", format!("“{slug}” is taken by this console: choose another short name"))
        }
        ReportError::UnknownNewsletter(slug) => {
            ("newsletter", format!("There is no newsletter “{slug}”: load the page again"))
        }
        ReportError::UnknownPurpose(code) => {
            ("purpose", format!("There is no purpose “{code}”: load the page again"))
        }
        ReportError::NoController => {
            ("form", "Set the controller’s name, address and contact first".to_owned())
        }
        ReportError::NoPolicy => ("form", "Publish a privacy policy first".to_owned()),
        ReportError::NeverPublished(_) => {
            ("form", "This report was never published: there is nothing to take back".to_owned())
        }
        ReportError::NotADraft(_) => {
            ("form", "This report is no draft any more, so it can’t be deleted".to_owned())
        }
        ReportError::Unknown(_) => return Err(Error::NotFound),
        ReportError::Flow(error) => return Err(error.into()),
    };
    Ok(fault(field, message))
}
