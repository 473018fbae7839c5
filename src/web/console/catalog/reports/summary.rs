//! What screens say of a report, and what became of its form.

use serde_json::{Value, json};

use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::{ReportStatus, readable_size};
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
pub(super) fn summary(report: &Report) -> Value {
    let public =
        (report.status == ReportStatus::Published).then(|| format!("/reports/{}", report.slug));
    json!({
        "slug": report.slug,
        "title": report.title,
        "path": format!("/console/reports/{}", report.slug),
        "state": report.status.as_str(),
        "format": report.media_type.format,
        "size": readable_size(report.byte_size),
        "pages": report.pages,
        "added_at": report.created_at.to_string(),
        "published_at": report.published_at.map(|at| at.to_string()),
        "public_path": public,
    })
}

/// What became of a report's form; nothing, while that is counted for the first time.
pub(super) fn figures_of(counted: Option<&Counted<Vec<ReportFigures>>>, report: &Report) -> Value {
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
