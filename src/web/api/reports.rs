//! `GET /api/v1/reports` and `/api/v1/policies/privacy`: what is offered, and the policy in force.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::cors::preflight;
use super::json;
use crate::domain::timestamp::Timestamp;
use crate::store::catalog::reports::Report;
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

const REPORTS: &str = "/api/v1/reports";
const POLICY: &str = "/api/v1/policies/privacy";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(REPORTS, get(list).options(preflight))
        .route(POLICY, get(policy).options(preflight))
}

/// The published reports, newest first.
#[derive(Serialize)]
struct OfferedReports<'a> {
    reports: Vec<OfferedReport<'a>>,
}

#[derive(Serialize)]
struct OfferedReport<'a> {
    slug: &'a str,
    title: &'a str,
    summary: &'a str,
    /// Its page, with the form.
    url: String,
    cover: Option<String>,
    media_type: &'static str,
    byte_size: i64,
    pages: Option<i64>,
    published_at: Option<Timestamp>,
    /// Whether its form rests.
    resting: bool,
}

/// A version of the privacy policy.
#[derive(Serialize)]
struct Policy<'a> {
    label: &'a str,
    lang: &'a str,
    /// The SHA-256 of the text.
    sha256: &'a str,
    published_at: Timestamp,
    url: String,
    /// Markdown.
    text: &'a str,
}

async fn list(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
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
        cover: report.cover_key.as_ref().map(|_| format!("{url}/cover")),
        url,
        media_type: report.media_type.name,
        byte_size: report.byte_size,
        pages: report.pages,
        published_at: report.published_at,
        resting: catalog.rests(Some(&report.slug)),
    }
}

async fn policy(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
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
