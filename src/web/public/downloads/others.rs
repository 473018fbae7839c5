//! Other reports, on the page of one: `POST /downloads/{token}/other` mails the link to whoever holds it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;

use super::held_grant::{find, gone};
use crate::domain::catalog::address_rules::Answer;
use crate::domain::request_id::RequestId;
use crate::domain::slug::Slug;
use crate::flows::signup::send_other_report::{OtherReport, send_other_report};
use crate::store::catalog::reports::Report;
use crate::store::consent::consents::CurrentConsent;
use crate::store::contacts::subscribers::{self, Subscriber};
use crate::web::http::fields::Fields;
use crate::web::public::reports::cover_path;
use crate::web::state::catalog::{Catalog, OfferedReport};
use crate::web::{App, Error};

/// How many are shown.
const MOST: usize = 3;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/downloads/{token}/other", post(press))
}

/// The other reports that somebody may have.
#[derive(Default, Serialize)]
pub(super) struct OtherReports<'a> {
    reports: Vec<OtherRow<'a>>,
    /// Whether a press is all that it takes: they agreed to the policy in force. Else each has its form, which asks.
    by_press: bool,
}

#[derive(Serialize)]
struct OtherRow<'a> {
    slug: &'a str,
    title: &'a str,
    summary: &'a str,
    cover: Option<String>,
}

impl<'a> OtherReports<'a> {
    /// The newest that are offered to somebody who has one already.
    pub(super) fn new(
        catalog: &'a Catalog,
        had: &Slug,
        (reader, standing): (&Subscriber, &[CurrentConsent]),
    ) -> Self {
        let reports = catalog.published().map(|offered| &offered.report);
        let reports =
            reports.filter(|report| report.slug != *had && takes(catalog, report, reader));
        Self {
            reports: reports.take(MOST).map(OtherRow::new).collect(),
            by_press: catalog.terms().is_some_and(|(policy, _)| {
                standing.iter().any(|standing| standing.agrees_to(policy.policy_version_id))
            }),
        }
    }

    pub(super) fn sample(by_press: bool) -> Self {
        let row = |cover| OtherRow {
            slug: "shared-services",
            title: "Shared services",
            summary: "What councils share.",
            cover,
        };
        Self {
            reports: vec![row(None), row(Some("/reports/shared-services/cover".into()))],
            by_press,
        }
    }
}

impl<'a> OtherRow<'a> {
    fn new(report: &'a Report) -> Self {
        Self {
            slug: report.slug.as_str(),
            title: &report.title,
            summary: &report.summary,
            cover: cover_path(report),
        }
    }
}

/// Whether the form of a report would take this reader as they are known.
fn takes(catalog: &Catalog, report: &Report, reader: &Subscriber) -> bool {
    let against = report.address_rules.against(&reader.email, &catalog.disposable);
    let refused = against.is_some_and(|(answer, _)| answer == Answer::Refuse);
    let lacks = [
        (report.requires_name, &reader.name),
        (report.requires_organisation, &reader.organisation),
        (report.requires_job_title, &reader.job_title),
    ];
    let lacks = lacks.into_iter().any(|(required, known)| required && known.is_none());
    !refused && !lacks && !catalog.rests(Some(&report.slug))
}

async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
    fields: Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let slug: Slug = fields.one("report").parse().map_err(|_| Error::NotFound)?;
    let mut published = catalog.published();
    let OfferedReport { report, .. } =
        published.find(|offered| offered.report.slug == slug).ok_or(Error::NotFound)?;
    let (policy, _) = catalog.terms().ok_or(Error::Unavailable)?;
    let other =
        OtherReport { report_id: report.report_id, policy_version_id: policy.policy_version_id };
    let at = app.moment_of(request_id);
    let sent = app.db.run(|tx| {
        Box::pin(async {
            let (link, grant) = find(&app, tx, &token).await?;
            if !grant.opens(at.now, link.generation) {
                return Err(gone(&app, &token, link, &grant));
            }
            let reader = subscribers::find(tx, grant.subscriber_id).await?;
            if !reader.is_some_and(|reader| takes(&catalog, report, &reader)) {
                return Ok(false);
            }
            Ok(send_other_report(tx, app.settings.at(&at), &grant, other).await?)
        })
    });
    // Its form asks for what is missing.
    let to = if sent.await? {
        "/check-your-inbox?word=other".to_owned()
    } else {
        format!("/reports/{slug}")
    };
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}
