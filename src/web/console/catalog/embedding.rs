//! `/console/reports/{slug}/embed` and `/console/newsletters/embed`: what is pasted into other pages, so that the form
//! stands there.

mod snippets;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use self::snippets::{Meant, Snippets};
use crate::domain::catalog::report::ReportStatus;
use crate::domain::qr_picture::Picture;
use crate::domain::slug::Slug;
use crate::domain::staff::right::Right;
use crate::templates::page::Page;
use crate::web::address::key;
use crate::web::console::POLICY;
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::form::form_context::{FormContext, NEWSLETTERS};
use crate::web::form::frame::Frame;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/reports/{slug}/embed", Right::See, of_report),
        Route::get("/console/newsletters/embed", Right::See, of_newsletters),
    ]
}

async fn of_report(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let catalog = session.app.catalog.get().await?;
    let report = &catalog.report(&key(&slug_text)?).ok_or(Error::NotFound)?.report;
    let is_shown = report.status == ReportStatus::Published && catalog.terms().is_some();
    show(&session, Some((&report.slug, &report.title)), is_shown)
}

async fn of_newsletters(session: StaffSession) -> Result<Response, Error> {
    let catalog = session.app.catalog.get().await?;
    show(&session, None, FormContext::of_newsletters(&catalog).is_some())
}

/// The page, which frames our own form and nothing else.
fn show(session: &StaffSession, meant: Meant<'_>, is_shown: bool) -> Result<Response, Error> {
    let mut answer = session.show(&EmbeddingPage::new(&session.app, meant, is_shown))?;
    let policy = HeaderValue::try_from(format!("{POLICY}; frame-src 'self'"));
    let policy = policy.map_err(|_| Error::Internal)?;
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(answer)
}

/// `console/embedding.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct EmbeddingPage {
    /// The report's title; none of newsletters.
    title: Option<String>,
    /// The screen above.
    back: String,
    /// Whether readers are shown the form now.
    is_shown: bool,
    /// Our own address.
    base_url: String,
    /// The sites that may hold it.
    sites: Vec<String>,
    snippets: Snippets,
    /// Where the form stands on a page of its own.
    page_url: String,
    /// Where the frame of it is.
    frame_path: String,
    picture: Option<Picture>,
    /// The picture as a file, as an address that holds it.
    picture_file: Option<String>,
    /// The name of that file.
    file_name: String,
}

impl EmbeddingPage {
    fn new(app: &App, meant: Meant<'_>, is_shown: bool) -> Self {
        Self::about(&app.links.base_url, (meant, is_shown), app.embed_origins.clone())
    }

    fn about(base_url: &str, (meant, is_shown): (Meant<'_>, bool), sites: Vec<String>) -> Self {
        let slug = meant.map(|(slug, _)| slug);
        let frame = Frame::new(slug, None);
        let page_url = format!("{base_url}{}", frame.form_path);
        let picture = Picture::for_text(&page_url);
        let as_file = |picture: &Picture| {
            format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture.svg()))
        };
        Self {
            title: meant.map(|(_, title)| title.to_owned()),
            back: match slug {
                Some(slug) => format!("/console/reports/{slug}"),
                None => "/console/newsletters".to_owned(),
            },
            is_shown,
            base_url: base_url.to_owned(),
            sites,
            snippets: Snippets::new(base_url, meant),
            picture_file: picture.as_ref().map(as_file),
            picture,
            page_url,
            frame_path: frame.path,
            file_name: format!("{}.svg", slug.map_or(NEWSLETTERS, Slug::as_str)),
        }
    }
}

impl Page for EmbeddingPage {
    const TEMPLATE: &'static str = "console/embedding.html";

    fn samples() -> Vec<Self> {
        let slug = "digital-councils".parse::<Slug>().ok();
        let report = slug.as_ref().map(|slug| (slug, "Digital councils: where they stand"));
        let unclear = NEWSLETTERS.parse::<Slug>().ok();
        let page = |meant, is_shown, sites| {
            Self::about("https://reports.example.org", (meant, is_shown), sites)
        };
        let sites = vec!["https://www.example.org".to_owned()];
        vec![
            page(report, true, sites.clone()),
            page(report, false, vec![]),
            page(unclear.as_ref().map(|slug| (slug, "Newsletters")), true, sites.clone()),
            page(None, true, sites),
            Self { picture: None, picture_file: None, ..page(None, false, vec![]) },
        ]
    }
}
