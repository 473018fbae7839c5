//! What screens say of a report, and what became of its form.

use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::{ReportStatus, readable_size};
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::reports::{Report, ReportFigures};
use crate::web::address::with_fields;
use crate::web::state::counting::Counted;

/// Where a report's contacts are exported: who may be written to for the first thing that its form offers, a
/// newsletter if there is one. What it stands for is chosen there when it offers nothing.
pub(super) fn contacts_path(report: &Report, first: Option<&Purpose>) -> String {
    let purpose = first.map_or("", Purpose::as_str);
    with_fields("/console/exports", &[("purpose", purpose), ("report", report.slug.as_str())])
}

/// What every screen says of a report.
#[derive(Clone, Serialize)]
pub(super) struct Summary<'a> {
    slug: &'a str,
    title: &'a str,
    path: String,
    state: &'static str,
    format: &'static str,
    size: String,
    pages: Option<i64>,
    added_at: Timestamp,
    published_at: Option<Timestamp>,
    /// Where readers find it, while it is offered.
    public_path: Option<String>,
}

impl<'a> From<&'a Report> for Summary<'a> {
    fn from(report: &'a Report) -> Self {
        let offered = report.status == ReportStatus::Published;
        Self {
            slug: report.slug.as_str(),
            title: &report.title,
            path: format!("/console/reports/{}", report.slug),
            state: report.status.as_str(),
            format: report.media_type.format,
            size: readable_size(report.byte_size),
            pages: report.length(),
            added_at: report.created_at,
            published_at: report.published_at,
            public_path: offered.then(|| format!("/reports/{}", report.slug)),
        }
    }
}

impl Summary<'_> {
    pub(super) fn sample(status: ReportStatus) -> Self {
        let offered = status == ReportStatus::Published;
        Self {
            slug: "digital-councils",
            title: "Digital councils",
            path: "/console/reports/digital-councils".to_owned(),
            state: status.as_str(),
            format: "PDF",
            size: "1.2 MB".to_owned(),
            pages: offered.then_some(24),
            added_at: Timestamp::SAMPLE,
            published_at: (status != ReportStatus::Draft).then_some(Timestamp::SAMPLE),
            public_path: offered.then(|| "/reports/digital-councils".to_owned()),
        }
    }
}

/// What became of a report's form; nothing, while that is counted for the first time.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Figures {
    signups: Option<i64>,
    confirmed: Option<i64>,
    downloads: Option<i64>,
}

impl Figures {
    pub(super) fn for_report(
        counted: Option<&Counted<Vec<ReportFigures>>>,
        report: &Report,
    ) -> Self {
        let Some(counted) = counted else { return Self::default() };
        let found = counted.figures.iter().find(|of| of.report_id == report.report_id);
        let number = |number: fn(&ReportFigures) -> i64| Some(found.map_or(0, number));
        Self {
            signups: number(|figures| figures.signups),
            confirmed: number(|figures| figures.confirmed),
            downloads: number(|figures| figures.downloads),
        }
    }

    pub(super) fn sample() -> Self {
        Self { signups: Some(4118), confirmed: Some(3120), downloads: Some(2806) }
    }
}
