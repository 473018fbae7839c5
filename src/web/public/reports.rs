//! `/reports/{slug}`: the landing page and its form.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Serialize;

use super::blank_form::{FormPage, FormPages};
use super::shown_form::{ShownForm, page_form};
use super::signup_form::{begun, checking, page_headers, receive, rests, slug};
use crate::domain::catalog::media_type::MediaType;
use crate::domain::catalog::report::readable_size;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::timestamp::Timestamp;
use crate::files::{Shelf, put_at};
use crate::store::catalog::reports::Report;
use crate::templates::page::Page;
use crate::web::form::form_context::{FormContext, find_report};
use crate::web::headers::{RESOURCE_POLICY, SHOWN_ANYWHERE, frame_headers};
use crate::web::http::fields::Fields;
use crate::web::http::ready::Ready;
use crate::web::http::validators::Validators;
use crate::web::state::catalog::{Catalog, OfferedReport};
use crate::web::visitor::Visitor;
use crate::web::{App, Error, markdown};

/// The short name of a report follows.
const BELOW: &str = "/reports/";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/reports/{slug}", get(show).post(submit))
        .route("/reports/{slug}/begin", get(lead).post(begin))
        .route("/reports/{slug}/cover", get(cover))
        .route("/reports/{slug}/card", get(card))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(slug_text): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    app.same_for_all(&request, &format!("{BELOW}{slug_text}"), landing).await
}

/// The page at this path before anything is typed.
fn landing(app: &App, catalog: &Arc<Catalog>, path: &str) -> Result<Ready, Error> {
    let offered = find(catalog, path.strip_prefix(BELOW).ok_or(Error::NotFound)?)?;
    let context = FormContext::of_report(catalog, offered)?;
    if catalog.rests(Some(&offered.report.slug)) {
        return Ok(Ready::page(page(app, &offered.report, None)?.0).with(frame_headers(app)));
    }
    let name = form_name(Some(&offered.report.slug));
    let render = |form: ShownForm<'_>| page(app, &offered.report, Some(form));
    let html = FormPage { name: &name, render: &render }.landing(app, &context)?;
    Ok(Ready::page(html).with(page_headers(app, &context)))
}

async fn submit(
    visitor: Visitor,
    Path(slug_text): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let app = visitor.app.clone();
    let catalog = app.catalog.get().await?;
    let offered = find(&catalog, &slug_text)?;
    let context = FormContext::of_report(&catalog, offered)?;
    if catalog.rests(Some(&offered.report.slug)) {
        return Ok(rests(page(&app, &offered.report, None)?));
    }
    let name = form_name(Some(&offered.report.slug));
    let render = |form: ShownForm<'_>| page(&app, &offered.report, Some(form));
    let own = FormPage { name: &name, render: &render };
    receive(visitor, &context, &fields, FormPages { own, other: None }).await
}

/// The form, begun on another page with an address alone. Nothing is stored, so any page may lead here.
async fn begin(
    visitor: Visitor,
    Path(slug_text): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let app = &visitor.app;
    let catalog = app.catalog.get().await?;
    let offered = find(&catalog, &slug_text)?;
    if catalog.rests(Some(&offered.report.slug)) {
        return Ok(rests(page(app, &offered.report, None)?));
    }
    let context = FormContext::of_report(&catalog, offered)?;
    let name = form_name(Some(&offered.report.slug));
    let render = |form: ShownForm<'_>| page(app, &offered.report, Some(form));
    let blank = FormPage { name: &name, render: &render }.blank(app, &context)?;
    let page = render(begun(&visitor, &context, &fields).naming(&blank.sha256))?.into_response();
    Ok(checking(&context, page))
}

/// Whoever looks at where a form is begun finds it on its page.
async fn lead(Path(slug_text): Path<String>) -> Result<Redirect, Error> {
    Ok(Redirect::to(&format!("{BELOW}{}", slug(&slug_text)?)))
}

async fn cover(
    State(app): State<Arc<App>>,
    Path(slug_text): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let report = &find(&catalog, &slug_text)?.report;
    picture(&app, report.cover(), &request).await
}

async fn card(
    State(app): State<Arc<App>>,
    Path(slug_text): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let report = &find(&catalog, &slug_text)?.report;
    picture(&app, report.card(), &request).await
}

/// A picture of a report, which anybody may show.
async fn picture(
    app: &App,
    stored: Option<(&str, MediaType)>,
    request: &HeaderMap,
) -> Result<Response, Error> {
    let (key, media_type) = stored.ok_or(Error::NotFound)?;
    // Another picture lies under another key, whose last part may stand in a tag.
    let name = key.rsplit('/').next().unwrap_or(key);
    let state = Validators::of_file(name, put_at(key), app.clock.now());
    let mut headers = state.headers();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(RESOURCE_POLICY, SHOWN_ANYWHERE);
    if let Some(same) = state.not_modified(request, &headers)? {
        return Ok(same);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.name));
    Ok((headers, app.files.read(Shelf::Covers, key).await?).into_response())
}

fn find<'a>(catalog: &'a Catalog, slug_text: &str) -> Result<&'a OfferedReport, Error> {
    find_report(catalog, &slug(slug_text)?)
}

/// The page; without a form while that rests.
fn page(app: &App, report: &Report, form: Option<ShownForm<'_>>) -> Result<Html<String>, Error> {
    let sharing = Some(Sharing::of(app, report));
    app.page(&ReportPage { report: ShownReport::from(report), form, sharing })
}

/// Where readers get a published report's cover, if it has one.
pub(super) fn cover_path(report: &Report) -> Option<String> {
    report.cover().map(|_| format!("/reports/{}/cover", report.slug))
}

/// What the page of a report shows, whoever may see it yet: the report, and its form where there can be one,
/// which posts to `path`.
pub(in crate::web) fn preview<'a>(
    catalog: &'a Arc<Catalog>,
    offered: &'a OfferedReport,
    path: String,
) -> ReportPage<'a> {
    let form = FormContext::of_report(catalog, offered)
        .ok()
        .map(|context| page_form(&context, None).posting_to(path));
    ReportPage { report: ShownReport::from(&offered.report), form, sharing: None }
}

/// `public/report.html`.
#[derive(Serialize)]
pub(in crate::web) struct ReportPage<'a> {
    pub(in crate::web) report: ShownReport<'a>,
    form: Option<ShownForm<'a>>,
    /// What is said to whom a link to it is shown; nothing while nobody may follow it.
    sharing: Option<Sharing>,
}

/// What sites show of a link to a report (The Open Graph protocol).
#[derive(Clone, Debug, Serialize)]
struct Sharing {
    /// The page.
    url: String,
    /// Its picture.
    picture: Option<String>,
    /// Whether the picture is the card that was drawn, of 1200 × 630 pixels.
    is_card: bool,
}

impl Sharing {
    fn of(app: &App, report: &Report) -> Self {
        let url = format!("{}{BELOW}{}", app.links.base_url, report.slug);
        let picture = report.card().map(|_| format!("{url}/card"));
        Self { picture, url, is_card: report.cover_key.is_none() }
    }

    fn sample() -> Self {
        let url = "https://reports.example.org/reports/digital-councils".to_owned();
        Self { picture: Some(format!("{url}/card")), url, is_card: true }
    }
}

/// A report as its own page shows it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct ShownReport<'a> {
    #[serde(flatten)]
    pub(in crate::web) card: ReportCard<'a>,
    body: Option<String>,
}

/// A report as pages name it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct ReportCard<'a> {
    slug: &'a str,
    title: &'a str,
    summary: &'a str,
    format: &'static str,
    size: String,
    pages: Option<i64>,
    /// Where its cover is had.
    pub(in crate::web) cover: Option<String>,
    /// Since when readers have it; none where they do not yet.
    pub(in crate::web) date: Option<Timestamp>,
}

impl<'a> From<&'a Report> for ShownReport<'a> {
    fn from(report: &'a Report) -> Self {
        Self { card: ReportCard::from(report), body: report.body.as_deref().map(markdown::render) }
    }
}

impl<'a> From<&'a Report> for ReportCard<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            slug: report.slug.as_str(),
            title: &report.title,
            summary: &report.summary,
            format: report.media_type.format,
            size: readable_size(report.byte_size),
            pages: report.length(),
            cover: cover_path(report),
            date: Some(report.published_at.unwrap_or(report.created_at)),
        }
    }
}

impl Page for ReportPage<'_> {
    const TEMPLATE: &'static str = "public/report.html";

    fn samples() -> Vec<Self> {
        let whole = ShownReport {
            card: ReportCard::sample(Some(8)),
            body: Some("<p>About it.</p>".to_owned()),
        };
        let plain = ReportCard { cover: None, ..ReportCard::sample(Some(1)) };
        let bare = ShownReport { card: plain, body: None };
        let endless = ShownReport { card: ReportCard::sample(None), ..whole.clone() };
        let bare_link = Sharing { picture: None, is_card: false, ..Sharing::sample() };
        let chosen = Sharing { is_card: false, ..Sharing::sample() };
        let page = |report, form, sharing| Self { report, form, sharing };
        vec![
            page(whole.clone(), Some(ShownForm::sample()), Some(Sharing::sample())),
            page(bare, Some(ShownForm::sample()), Some(bare_link)),
            page(endless, Some(ShownForm::sample().refused()), Some(chosen)),
            page(whole, None, None),
        ]
    }
}

impl ReportCard<'_> {
    /// A report of so many pages.
    pub(super) fn sample(pages: Option<i64>) -> Self {
        Self {
            slug: "digital-councils",
            title: "Digital councils: where they stand",
            summary: "What 75 councils say",
            format: "PDF",
            size: "1.2 MB".to_owned(),
            pages,
            cover: pages.map(|_| "/reports/digital-councils/cover".to_owned()),
            date: Some(Timestamp::SAMPLE),
        }
    }
}
