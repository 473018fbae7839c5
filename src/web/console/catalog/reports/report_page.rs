//! What the page of one report shows.

use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::reports::Report;
use crate::templates::page::Page;
use crate::web::console::catalog::reports::form::ReportForm;
use crate::web::console::catalog::reports::summary::{Figures, Summary};
use crate::web::console::form::Faults;
use crate::web::console::form::fault;

/// `console/report.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ReportPage<'a> {
    pub(super) report: OneReport<'a>,
    pub(super) figures: Figures,
    pub(super) counted_at: Option<Timestamp>,
    pub(super) form: ReportForm<'a>,
    /// What is still to be done before it can be published: `controller`, `policy`.
    pub(super) missing: Vec<&'static str>,
    pub(super) errors: Faults,
    /// What somebody else changed meanwhile.
    pub(super) changed: Vec<Changed>,
    /// The page where readers could go on, while it is not linked.
    pub(super) unlinked: Option<String>,
    pub(super) word: Option<&'static str>,
}

/// All that is said of the report itself.
#[derive(Serialize)]
pub(super) struct OneReport<'a> {
    #[serde(flatten)]
    head: Summary<'a>,
    sha256: &'a str,
    summary: &'a str,
    cover: Option<String>,
    contacts_path: String,
}

impl<'a> OneReport<'a> {
    pub(super) fn new(report: &'a Report, contacts_path: String) -> Self {
        let cover = report.cover();
        Self {
            head: Summary::from(report),
            sha256: &report.sha256,
            summary: &report.summary,
            cover: cover.map(|_| format!("/console/reports/{}/cover", report.slug)),
            contacts_path,
        }
    }
}

/// A field that two people changed, as it is now.
#[derive(Serialize)]
pub(super) struct Changed {
    pub(super) field: &'static str,
    pub(super) title: &'static str,
    pub(super) now: String,
}

impl Page for ReportPage<'_> {
    const TEMPLATE: &'static str = "console/report.html";

    fn samples() -> Vec<Self> {
        let page = |status| {
            let [form, _] = ReportForm::samples();
            let cover = "/console/reports/digital-councils/cover".to_owned();
            let report = OneReport {
                head: Summary::sample(status),
                sha256: "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
                summary: "What 75 councils say.",
                cover: (status == ReportStatus::Published).then_some(cover),
                contacts_path: "/console/exports?report=digital-councils".to_owned(),
            };
            Self {
                report,
                figures: Figures::sample(),
                counted_at: Some(Timestamp::SAMPLE),
                form,
                missing: vec![],
                errors: vec![],
                changed: vec![],
                unlinked: None,
                word: None,
            }
        };
        let draft = || page(ReportStatus::Draft);
        let published = || page(ReportStatus::Published);
        let changed = |field, title| Changed { field, title, now: "Councils".to_owned() };
        let overtaken = Self {
            errors: vec![fault("title", "Somebody else changed this while you did")],
            changed: vec![changed("title", "Title"), changed("body", "Text of the page")],
            ..page(ReportStatus::Withdrawn)
        };
        vec![
            Self { word: Some("The report is added as a draft."), ..draft() },
            Self { missing: vec!["controller", "policy"], ..draft() },
            published(),
            Self { unlinked: Some("https://www.example.org/thanks".to_owned()), ..published() },
            Self { figures: Figures::default(), counted_at: None, ..published() },
            overtaken,
        ]
    }
}
