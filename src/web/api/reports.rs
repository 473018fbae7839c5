//! `GET /api/v1/reports` and `/api/v1/policies/privacy`: what is offered, and the policy in force.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::cors::preflight;
use super::json;
use super::query;
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::reports::Report;
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

const REPORTS: &str = "/api/v1/reports";
const POLICY: &str = "/api/v1/policies/privacy";

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list).map(|door| door.options(preflight)))
        .routes(routes!(policy).map(|door| door.options(preflight)))
}

/// The published reports, newest first.
#[derive(Serialize, ToSchema)]
struct OfferedReports<'a> {
    reports: Vec<OfferedReport<'a>>,
}

/// A report.
#[derive(Serialize, ToSchema)]
struct OfferedReport<'a> {
    slug: &'a str,
    title: &'a str,
    summary: &'a str,
    /// Its page, with the form.
    url: String,
    /// The address of its picture.
    #[schema(required)]
    cover: Option<String>,
    media_type: &'static str,
    byte_size: i64,
    #[schema(required)]
    pages: Option<i64>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    published_at: Option<Timestamp>,
    /// Whether its form rests.
    resting: bool,
}

/// A version of the privacy policy.
#[derive(Serialize, ToSchema)]
struct Policy<'a> {
    label: &'a str,
    lang: &'a str,
    /// The SHA-256 of the text.
    sha256: &'a str,
    #[schema(value_type = String, format = DateTime)]
    published_at: Timestamp,
    url: String,
    /// Markdown.
    text: &'a str,
}

/// List the reports
///
/// Those that are published, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/reports",
    operation_id = "list_reports",
    tag = "site",
    responses((status = 200, description = "The reports", body = OfferedReports)),
    extensions(("x-curl" = json!("curl BASE/api/v1/reports")))
)]
async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    query::demand_none(&uri)?;
    app.same_for_all(&request, REPORTS, |app, catalog, _| {
        let reports = catalog.published().map(|offered| report(app, catalog, &offered.report));
        ready(&OfferedReports { reports: reports.collect() })
    })
    .await
}

fn report<'a>(app: &App, catalog: &Catalog, report: &'a Report) -> OfferedReport<'a> {
    let url = format!("{}/reports/{}", app.links.base_url, report.slug);
    OfferedReport {
        slug: report.slug.as_str(),
        title: &report.title,
        summary: &report.summary,
        cover: report.cover().map(|_| format!("{url}/cover")),
        url,
        media_type: report.media_type.name,
        byte_size: report.byte_size,
        pages: report.length(),
        published_at: report.published_at,
        resting: catalog.rests(Some(&report.slug)),
    }
}

/// Get the privacy policy
///
/// The version in force, with its text.
#[utoipa::path(
    get,
    path = "/api/v1/policies/privacy",
    operation_id = "show_policy",
    tag = "site",
    responses(
        (status = 200, description = "The policy", body = Policy),
        (status = 404, description = "None is published"),
    ),
    extensions(("x-curl" = json!("curl BASE/api/v1/policies/privacy")))
)]
async fn policy(
    State(app): State<Arc<App>>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    query::demand_none(&uri)?;
    app.same_for_all(&request, POLICY, |app, catalog, _| {
        let policy = catalog.policies.first().ok_or(Error::NotFound)?;
        ready(&Policy {
            label: policy.label.as_str(),
            lang: &policy.lang,
            sha256: &policy.sha256,
            published_at: policy.published_at,
            url: format!("{}/policies/privacy/{}", app.links.base_url, policy.label),
            text: &policy.body,
        })
    })
    .await
}

fn ready(document: &impl Serialize) -> Result<Ready, Error> {
    Ok(Ready::json(json::text(document)?))
}
