//! `/console/reports`: reports and their files, what became of their forms, and offering them.

pub(in crate::web::console) mod add;
pub(in crate::web::console) mod delete;
mod files;
mod find;
mod form;
mod page;
pub(in crate::web::console) mod preview;
mod refusal;
pub(in crate::web::console) mod report_page;
mod rule_fields;
mod summary;
pub(in crate::web::console) mod take_back;

use axum::response::Response;
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::reports;
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::console::catalog::reports::summary::{Figures, Summary, contacts_path};
use crate::web::console::request_fields::Asked;
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;

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
        Route::post("/console/reports/{slug}/publish", Right::Offer, take_back::publish),
        Route::get("/console/reports/{slug}/withdraw", Right::Offer, take_back::ask),
        Route::post("/console/reports/{slug}/withdraw", Right::Offer, take_back::withdraw),
    ]
}

async fn list(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let all = reports::list(&mut tx).await?;
    let offers = reports::list_offers(&mut tx).await?;
    drop(tx);
    let counted = app.figures.reports.get(()).await;
    let reports = all.iter().map(|report| {
        let offered = offers.iter().find(|(id, _)| *id == report.report_id);
        Row {
            summary: Summary::from(report),
            figures: Figures::for_report(counted.as_deref(), report),
            contacts_path: contacts_path(report, offered.map(|(_, first)| first)),
        }
    });
    let word = match asked.one("word") {
        "withdrawn" => Some("The report is no longer offered."),
        "deleted" => Some("The draft is deleted."),
        _ => None,
    };
    let counted_at = counted.as_ref().map(|counted| counted.at);
    let reports = reports.collect();
    session.show(&ReportsPage { reports, counted_at, word })
}

/// `console/reports.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ReportsPage<'a> {
    reports: Vec<Row<'a>>,
    counted_at: Option<Timestamp>,
    word: Option<&'static str>,
}

/// A report in the list.
#[derive(Clone, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    figures: Figures,
    contacts_path: String,
}

impl Page for ReportsPage<'_> {
    const TEMPLATE: &'static str = "console/reports.html";

    fn samples() -> Vec<Self> {
        let row = |status| Row {
            summary: Summary::sample(status),
            figures: Figures::sample(),
            contacts_path: "/console/exports?report=digital-councils".to_owned(),
        };
        let rows = [ReportStatus::Published, ReportStatus::Draft, ReportStatus::Withdrawn].map(row);
        let uncounted = Row { figures: Figures::default(), ..row(ReportStatus::Published) };
        let counted_at = Some(Timestamp::SAMPLE);
        vec![
            Self { reports: vec![], counted_at, word: None },
            Self { reports: rows.to_vec(), counted_at, word: Some("The draft is deleted.") },
            Self { reports: vec![uncounted], counted_at: None, word: None },
        ]
    }
}
