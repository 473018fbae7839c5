//! `/console/reports/new`: a report is added from a form with its file.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::domain::catalog::report_details::ReportDetails;
use crate::domain::slug::Slug;
use crate::flows::catalog::add_report::{ReportOffers, add_report, is_free};
use crate::flows::catalog::report_error::ReportError;
use crate::random::Moment;
use crate::store::catalog::report_drawings::DrawnReport;
use crate::store::catalog::reports::Report;
use crate::templates::page::Page;
use crate::web::console::catalog::reports::form::{self, Boxes, ReportForm, Values};
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::form::{Faults, fault, short_name};
use crate::web::console::guard::Entrance;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::upload::{self, LIMITS, Uploaded};
use crate::web::{App, Error};

pub(super) async fn ask(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let boxes = Boxes::find(app, &mut app.db.read().await?).await?;
    page(&session, StatusCode::OK, Values::default().shown(&boxes, String::new()), vec![])
}

pub(super) async fn add(
    session: StaffSession,
    entrance: Entrance,
    request: Request,
) -> Result<Response, Error> {
    let app = &session.app;
    let boxes = Boxes::find(app, &mut app.db.read().await?).await?;
    let received = upload::receive(&app.files, &app.moment(), request, LIMITS).await;
    let uploaded = match received {
        Ok(uploaded) => uploaded,
        Err(Error::TooLarge) => return too_large(&session, &boxes),
        Err(error) => return Err(error),
    };
    entrance.stands().await?;
    let mut values = Values::typed(&uploaded.fields);
    let refused = |values: Values, faults: Faults| {
        let form = values.shown(&boxes, String::new());
        page(&session, StatusCode::UNPROCESSABLE_ENTITY, form, faults)
    };
    let (report, details) = match parse(app, &uploaded, &boxes).await? {
        Ok(read) => read,
        Err(faults) => return refused(values, faults),
    };
    match store(&session, &report, &details, &uploaded).await {
        Ok(()) => {
            let to = format!("/console/reports/{}?word=added", report.slug);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            values.slug = report.slug.to_string();
            let mut faults = vec![refusal(error)?];
            choose_again(&uploaded, &mut faults);
            refused(values, faults)
        }
    }
}

async fn store(
    session: &StaffSession,
    report: &Report,
    details: &ReportDetails,
    uploaded: &Uploaded,
) -> Result<(), ReportError> {
    let act = session.act();
    let offers = ReportOffers { newsletters: &details.newsletters, purposes: &details.purposes };
    let added = session.app.db.run(|tx| {
        Box::pin(async {
            add_report(tx, &act, report, offers).await?;
            uploaded.keep(&report.file_key);
            if let Some(key) = &report.cover_key {
                uploaded.keep(key);
            }
            Ok(())
        })
    });
    added.await
}

/// The report that a form describes.
async fn parse(
    app: &App,
    uploaded: &Uploaded,
    boxes: &Boxes,
) -> Result<Result<(Report, ReportDetails), Faults>, Error> {
    let fields = &uploaded.fields;
    let (details, mut faults) = match form::parse(fields, boxes) {
        Ok(details) => (Some(details), Faults::new()),
        Err(faults) => (None, faults),
    };
    let slug = short_name(fields, "slug", fields.one("title").trim(), &mut faults);
    if let Some(slug) = &slug
        && let Err(error) = is_free(&mut app.db.read().await?, slug).await
    {
        faults.push(refusal(error)?);
    }
    faults.extend(uploaded.faults.iter().map(|(field, words)| fault(field, words)));
    if uploaded.file.is_none() && uploaded.faults.iter().all(|(field, _)| *field != "file") {
        faults.push(fault("file", "Choose the file that readers get"));
    }
    if let (Some(details), Some(slug), true) = (details, slug, faults.is_empty())
        && let Some(report) = report(&app.moment(), slug, &details, uploaded)
    {
        return Ok(Ok((report, details)));
    }
    choose_again(uploaded, &mut faults);
    Ok(Err(faults))
}

/// Says beside each file that was sent with a refused form that it is gone: a page can't fill in a file.
fn choose_again(uploaded: &Uploaded, faults: &mut Faults) {
    let sent = [("cover", uploaded.cover.is_some()), ("file", uploaded.file.is_some())];
    for (field, _) in sent.iter().filter(|(_, sent)| *sent) {
        if faults.iter().all(|fault| fault.field != *field) {
            faults.push(fault(field, "Choose the file again: it was not kept"));
        }
    }
}

/// The report, once its file has come.
fn report(at: &Moment, slug: Slug, details: &ReportDetails, uploaded: &Uploaded) -> Option<Report> {
    let file = uploaded.file.as_ref()?;
    let (cover_key, cover_media_type) = uploaded.cover.clone().unzip();
    Some(Report {
        report_id: at.new_id(),
        slug,
        title: details.title.clone(),
        summary: details.summary.clone(),
        body: Some(details.body.clone()).filter(|body| !body.is_empty()),
        file_key: file.key.clone(),
        media_type: file.media_type,
        byte_size: file.byte_size,
        sha256: file.sha256.clone(),
        pages: details.pages,
        cover_key,
        cover_media_type,
        requires_name: details.requires_name,
        requires_organisation: details.requires_organisation,
        requires_job_title: details.requires_job_title,
        return_to: details.return_to.clone(),
        address_rules: details.address_rules.clone(),
        status: ReportStatus::Draft,
        created_at: at.now,
        published_at: None,
        drawn: DrawnReport::default(),
    })
}

fn page(
    session: &StaffSession,
    status: StatusCode,
    form: ReportForm<'_>,
    errors: Faults,
) -> Result<Response, Error> {
    session.answer(&ReportNewPage { form, errors }, status)
}

/// `console/report_new.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ReportNewPage<'a> {
    form: ReportForm<'a>,
    errors: Faults,
}

impl Page for ReportNewPage<'_> {
    const TEMPLATE: &'static str = "console/report_new.html";

    fn samples() -> Vec<Self> {
        let [filled, blank] = ReportForm::samples();
        let errors = vec![fault("file", "Choose the file that readers get")];
        vec![Self { form: blank, errors: vec![] }, Self { form: filled, errors }]
    }
}

/// The rest of such a body is not read, so the connection cannot be used again.
fn too_large(session: &StaffSession, boxes: &Boxes) -> Result<Response, Error> {
    let faults = vec![fault("file", "Choose a smaller file: a form takes up to 500 MB")];
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    let form = Values::default().shown(boxes, String::new());
    let mut response = page(session, status, form, faults)?;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}
