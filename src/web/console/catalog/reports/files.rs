//! A report's file and its cover: looked at, and replaced.

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use crate::files::Shelf;
use crate::flows::catalog::edit_report;
use crate::flows::catalog::report_error::ReportError;
use crate::store::catalog::reports::Report;
use crate::web::Error;
use crate::web::console::catalog::reports::find::find;
use crate::web::console::catalog::reports::page::ReportView;
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::guard::Entrance;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::upload::{self, LIMITS, Uploaded};

pub(super) async fn cover(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let app = &session.app;
    let report = find(app, &slug_text).await?;
    let (key, kind) = report.cover().ok_or(Error::NotFound)?;
    Ok(([(header::CONTENT_TYPE, kind.name)], app.files.read(Shelf::Covers, key).await?)
        .into_response())
}

/// The file, to look at; it counts as nobody's download.
pub(super) async fn file(
    session: StaffSession,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    let app = &session.app;
    let report = find(app, &slug_text).await?;
    let size = u64::try_from(report.byte_size).unwrap_or(0);
    let content = app.files.get(Shelf::Reports, &report.file_key, 0..size).await?;
    let kind = report.media_type;
    let headers = [
        (header::CONTENT_TYPE, kind.name.to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.{}\"", report.slug, kind.ending),
        ),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

pub(super) async fn replace_file(
    session: StaffSession,
    Path(slug_text): Path<String>,
    entrance: Entrance,
    request: Request,
) -> Result<Response, Error> {
    replace(&session, &slug_text, (entrance, request), Part::File).await
}

pub(super) async fn replace_cover(
    session: StaffSession,
    Path(slug_text): Path<String>,
    entrance: Entrance,
    request: Request,
) -> Result<Response, Error> {
    replace(&session, &slug_text, (entrance, request), Part::Cover).await
}

/// What of a report is replaced.
#[derive(Clone, Copy)]
enum Part {
    File,
    Cover,
}

impl Part {
    fn field(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Cover => "cover",
        }
    }
}

async fn replace(
    session: &StaffSession,
    slug_text: &str,
    (entrance, request): (Entrance, Request),
    part: Part,
) -> Result<Response, Error> {
    let app = &session.app;
    let report = find(app, slug_text).await?;
    let uploaded = upload::receive(&app.files, &app.moment(), request, LIMITS).await?;
    entrance.stands().await?;
    let faults: Faults = uploaded.faults.iter().map(|(field, words)| fault(field, words)).collect();
    if !faults.is_empty() {
        return ReportView::find(app, &report.slug).await?.with(session, faults);
    }
    match store(session, &report, &uploaded, part).await {
        Ok(true) => {
            let to = format!("/console/reports/{}?word={}", report.slug, part.field());
            Ok(Redirect::to(&to).into_response())
        }
        Ok(false) => {
            let nothing = fault(part.field(), "Choose a file first");
            ReportView::find(app, &report.slug).await?.with(session, vec![nothing])
        }
        Err(error) => {
            let refused = refusal(error)?;
            ReportView::find(app, &report.slug).await?.with(session, vec![refused])
        }
    }
}

/// Puts what came in the place of what was there, which then goes; `false` when nothing came.
async fn store(
    session: &StaffSession,
    report: &Report,
    uploaded: &Uploaded,
    part: Part,
) -> Result<bool, ReportError> {
    let app = &session.app;
    let (act, slug) = (session.act(), &report.slug);
    let replaced = match (part, &uploaded.file, &uploaded.cover) {
        (Part::File, Some(file), _) => {
            let replaced = app.db.run(|tx| {
                Box::pin(async {
                    let old = edit_report::replace_file(tx, &act, slug, file).await?;
                    uploaded.keep(&file.key);
                    Ok::<_, ReportError>(Some(old))
                })
            });
            replaced.await?
        }
        (Part::Cover, _, Some((key, kind))) => {
            let replaced = app.db.run(|tx| {
                Box::pin(async {
                    let old = edit_report::replace_cover(tx, &act, slug, (key, *kind)).await?;
                    uploaded.keep(key);
                    Ok::<_, ReportError>(old)
                })
            });
            replaced.await?
        }
        _ => return Ok(false),
    };
    if let Some(key) = replaced {
        upload::remove(&app.files, key);
    }
    Ok(true)
}
