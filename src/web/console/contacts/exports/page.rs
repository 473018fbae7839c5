//! The page that asks what to export, shows who that would be, and lists the exports before it.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::contacts::export_rows::ExportRow;
use crate::templates::page::Page;
use crate::web::console::contacts::exports::row::RunRow;
use crate::web::console::form::fault;
use crate::web::export::{ExportOptions, Sent};
use crate::web::http::fields::FieldError;

/// `console/exports.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ExportsPage<'a> {
    pub choices: ExportOptions<'a>,
    pub asked: Sent<'a>,
    pub errors: Vec<FieldError>,
    pub found: Option<Preview>,
    pub runs: Vec<RunRow<'a>>,
    pub newer: Option<&'static str>,
    pub older: Option<String>,
}

/// How many somebody's wish finds, the first of them, and what may be done with them.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct Preview {
    pub count: i64,
    /// There are more than were counted.
    pub is_more: bool,
    pub allows: &'static str,
    pub purpose: String,
    pub rows: Vec<PreviewRow>,
    pub download: String,
}

/// Somebody who would be in the file.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct PreviewRow {
    subscriber_id: Uuid,
    email: String,
    name: Option<String>,
    organisation: Option<String>,
    report: Option<String>,
    policy: String,
    confirmed_at: Timestamp,
}

impl From<&ExportRow<'_>> for PreviewRow {
    fn from(row: &ExportRow<'_>) -> Self {
        Self {
            subscriber_id: row.subscriber_id,
            email: row.email.to_owned(),
            name: row.name.map(str::to_owned),
            organisation: row.organisation.map(str::to_owned),
            report: row.report.map(str::to_owned),
            policy: row.policy_version.to_owned(),
            confirmed_at: row.confirmed_at,
        }
    }
}

impl Page for ExportsPage<'_> {
    const TEMPLATE: &'static str = "console/exports.html";

    fn samples() -> Vec<Self> {
        let nobody = Preview {
            count: 0,
            is_more: false,
            allows: "You may send it to them.",
            purpose: "newsletter:weekly".to_owned(),
            rows: vec![],
            download: "/console/exports/consented?purpose=newsletter%3Aweekly".to_owned(),
        };
        let full = PreviewRow {
            subscriber_id: Uuid::nil(),
            email: "ada@example.org".to_owned(),
            name: Some("Ada Hughes".to_owned()),
            organisation: Some("Leeds City Council".to_owned()),
            report: Some("digital-councils".to_owned()),
            policy: "2026-11".to_owned(),
            confirmed_at: Timestamp::SAMPLE,
        };
        let bare = PreviewRow { name: None, organisation: None, report: None, ..full.clone() };
        let rows = vec![full, bare];
        let some = Preview { count: 2, rows: rows.clone(), ..nobody.clone() };
        let many = Preview { count: 250_000, is_more: true, rows, ..nobody.clone() };
        let first = ExportsPage {
            choices: ExportOptions::sample(),
            asked: Sent::sample(),
            errors: vec![],
            found: None,
            runs: vec![],
            newer: None,
            older: None,
        };
        let runs =
            vec![RunRow::sample("done", Some("9f86d081884c7d65")), RunRow::sample("running", None)];
        vec![
            Self { found: Some(some), runs: runs.clone(), ..first.clone() },
            Self {
                found: Some(many),
                runs,
                newer: Some("/console/exports"),
                older: Some("/console/exports?before=ID".to_owned()),
                ..first.clone()
            },
            Self { found: Some(nobody), ..first.clone() },
            Self {
                errors: vec![fault("purpose", "choose a purpose from the list")],
                ..first.clone()
            },
            first,
        ]
    }
}
