//! `/reports/{slug}`: the landing page and its form.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::signup_form::{Door, embeddable, page_form, receive, rests, slug};
use crate::domain::catalog::media_type::MediaType;
use crate::domain::catalog::report::{ReportStatus, readable_size};
use crate::domain::request_id::RequestId;
use crate::files::{Shelf, put_at};
use crate::store::catalog::reports::Report;
use crate::web::error::Gone;
use crate::web::headers::{RESOURCE_POLICY, SHOWN_ANYWHERE};
use crate::web::http::fields::Fields;
use crate::web::http::validators::Validators;
use crate::web::state::catalog::{Catalog, OfferedReport};
use crate::web::{App, Error, markdown};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/reports/{slug}", get(show).post(submit))
        .route("/reports/{slug}/cover", get(cover))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let offered = find(&catalog, &slug_text)?;
    let door = door(&catalog, offered)?;
    let rests = catalog.rests(Some(&offered.report.slug));
    let form = (!rests).then(|| page_form(&door, None));
    let page = page(&app, &offered.report, form.as_ref())?;
    Ok(embeddable(Html(page).into_response()))
}

async fn submit(
    State(app): State<Arc<App>>,
    Path(slug_text): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request_id: RequestId,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let offered = find(&catalog, &slug_text)?;
    let door = door(&catalog, offered)?;
    if catalog.rests(Some(&offered.report.slug)) {
        return Ok(rests(page(&app, &offered.report, None)?));
    }
    let again = |form: Value| page(&app, &offered.report, Some(&form));
    receive(&app, (peer, request_id), &headers, &door, &fields, again).await
}

async fn cover(
    State(app): State<Arc<App>>,
    Path(slug_text): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let report = &find(&catalog, &slug_text)?.report;
    let (key, media_type) =
        report.cover_key.as_ref().zip(report.cover_media_type.clone()).ok_or(Error::NotFound)?;
    // Another picture lies under another key, whose last part may stand in a tag.
    let name = key.rsplit('/').next().unwrap_or(key);
    let state = Validators::of_file(name, put_at(key), app.clock.now());
    let mut headers = state.headers();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(RESOURCE_POLICY, SHOWN_ANYWHERE);
    if let Some(same) = state.not_modified(&request, &headers)? {
        return Ok(same);
    }
    let kind = HeaderValue::try_from(media_type).map_err(|_| Error::Internal)?;
    headers.insert(header::CONTENT_TYPE, kind);
    Ok((headers, app.files.read(Shelf::Covers, key).await?).into_response())
}

fn find<'a>(catalog: &'a Catalog, slug_text: &str) -> Result<&'a OfferedReport, Error> {
    let offered = catalog.report(&slug(slug_text)?).ok_or(Error::NotFound)?;
    match offered.report.status {
        ReportStatus::Draft => Err(Error::NotFound),
        ReportStatus::Published => Ok(offered),
        ReportStatus::Withdrawn => Err(Error::from(Gone {
            title: "This report is no longer offered".to_owned(),
            message:
                "Its publisher has withdrawn it. Links that were mailed to readers before still \
                      work until the date they name."
                    .to_owned(),
            fresh: None,
            start_again: Some("/".to_owned()),
        })),
    }
}

fn door<'a>(catalog: &'a Catalog, offered: &'a OfferedReport) -> Result<Door<'a>, Error> {
    // A report is published only with a policy and a controller; should the settings lose the
    // controller later, nobody can be asked to agree to anything.
    let (policy, consent) = catalog.terms().ok_or(Error::Unavailable)?;
    Ok(Door {
        path: format!("/reports/{}", offered.report.slug),
        report: Some(&offered.report),
        offers: &offered.offers,
        policy,
        consent,
    })
}

/// The page; without a form while that rests.
fn page(app: &App, report: &Report, form: Option<&Value>) -> Result<String, Error> {
    let context = json!({"site": *app.site, "report": shown(report), "form": form});
    Ok(app.templates.render("public/report.html", context)?)
}

fn shown(report: &Report) -> Value {
    let mut shown = card(report);
    shown["body"] = report.body.as_deref().map(markdown::render).into();
    shown["cover"] = cover_path(report).into();
    shown
}

/// Where readers get a published report's cover, if it has one.
pub(super) fn cover_path(report: &Report) -> Option<String> {
    report.cover_key.as_ref().map(|_| format!("/reports/{}/cover", report.slug))
}

/// What the page of a report shows, whoever may see it yet: the report, and its form where there can be one,
/// which posts to `path`.
pub(in crate::web) fn preview(catalog: &Catalog, offered: &OfferedReport, path: String) -> Value {
    let form = door(catalog, offered).ok().map(|door| page_form(&Door { path, ..door }, None));
    json!({"report": shown(&offered.report), "form": form})
}

/// A report as pages name it.
pub(super) fn card(report: &Report) -> Value {
    let media_type = MediaType::named(&report.media_type);
    json!({
        "slug": report.slug,
        "title": report.title,
        "summary": report.summary,
        "format": media_type.map_or("File", |kind| kind.format),
        "size": readable_size(report.byte_size),
        "pages": report.pages,
        "date": report.published_at.unwrap_or(report.created_at),
    })
}
