//! `/console/reports`: reports and their files, what became of their forms, and offering them.

mod add;
mod delete;
mod files;
mod form;
mod page;
pub(in crate::web::console) mod preview;
mod refusal;
mod standing;
mod summary;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use crate::domain::staff::right::Right;
use crate::store::catalog::reports;
use crate::web::console::catalog::reports::summary::{contacts_path, figures_of, summary};
use crate::web::console::desk::{Asked, Desk};
use crate::web::console::route::Route;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
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
