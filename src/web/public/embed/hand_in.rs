//! The form in the frame, and what it answers when it is sent.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::form_page::{context, name, page};
use super::inbox_page::{self, Said};
use crate::web::form::RESTS_FOR;
use crate::web::form::form_context::form_slug;
use crate::web::form::frame::{Frame, framing_host, stated_host};
use crate::web::headers::{InFrame, in_frame_headers};
use crate::web::http::fields::Fields;
use crate::web::http::ready::Ready;
use crate::web::public::blank_form::{FormPage, FormPages};
use crate::web::public::shown_form::ShownForm;
use crate::web::public::signup_form::{Place, take, unstored};
use crate::web::state::catalog::Catalog;
use crate::web::visitor::Visitor;
use crate::web::{App, Error, origin};

/// One page for each form and each site of `embed_origins`, of which there are few.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Result<Response, Error> {
    // A name that is one holds no space.
    let report = form_slug(&name)?;
    let frame = Frame::new(
        report.as_ref(),
        framing_host(&app, &request, query.as_deref().unwrap_or_default()),
    );
    let key = format!("{} {}", frame.path, frame.host.unwrap_or_default());
    app.same_for_all(&request, &key, blank).await
}

/// The page before anything is typed.
fn blank(app: &App, catalog: &Arc<Catalog>, key: &str) -> Result<Ready, Error> {
    let (path, host) = key.split_once(' ').ok_or(Error::NotFound)?;
    let report = form_slug(path.rsplit('/').next().unwrap_or_default())?;
    let frame = Frame::new(report.as_ref(), origin::known(app, host));
    let context = context(catalog, report.as_ref(), &frame)?;
    let html = if catalog.rests(report.as_ref()) {
        page(app, &frame, &context, None)?.0
    } else {
        let render = |form: ShownForm<'_>| page(app, &frame, &context, Some(form));
        FormPage { name: &name(&context), render: &render }.landing(app, &context)?
    };
    let varies = (header::VARY, HeaderValue::from_static("referer"));
    Ok(Ready::page(html).with(in_frame_headers(app)).with([varies]))
}

pub(super) async fn submit(
    visitor: Visitor,
    Path(form): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let app = visitor.app.clone();
    let report = form_slug(&form)?;
    let catalog = app.catalog.get().await?;
    let frame = Frame::new(report.as_ref(), stated_host(&app, &fields));
    let context = context(&catalog, report.as_ref(), &frame)?;
    if catalog.rests(report.as_ref()) {
        let later = [(header::RETRY_AFTER, RESTS_FOR.to_string())];
        let page = page(&app, &frame, &context, None)?;
        return Ok(
            (StatusCode::SERVICE_UNAVAILABLE, later, Extension(InFrame), page).into_response()
        );
    }
    let render = |form: ShownForm<'_>| page(&app, &frame, &context, Some(form));
    let own = FormPage { name: &name(&context), render: &render };
    let pages = FormPages { own, other: None };
    let place = Place { pages, page: frame.host.clone(), before: None };
    match take(&visitor, &context, &fields, place).await {
        Ok(Ok(waiting)) => {
            let page = inbox_page::page(&app, &frame, &waiting, Said::default()).await?;
            Ok((StatusCode::ACCEPTED, Extension(InFrame), page).into_response())
        }
        Ok(Err(page)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Extension(InFrame), page).into_response())
        }
        Err(error) => {
            let mut answer = unstored(&app, (&context, &fields), &pages, error)?;
            answer.extensions_mut().insert(InFrame);
            Ok(answer)
        }
    }
}
