//! `GET /api/v1/forms/{name}`: a form, for who draws it on another page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use super::cors::preflight;
use super::form_document::{FormAnswer, FormDocument, blank};
use super::json;
use super::offered::{find_form, form_slug};
use crate::web::form::bot_check::FIELD;
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

const BELOW: &str = "/api/v1/forms/";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api/v1/forms/{name}", get(show).options(preflight))
}

/// The form of the report of this short name, or `newsletters`.
async fn show(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    app.same_for_all(&request, &format!("{BELOW}{name}"), answer).await
}

fn answer(app: &App, catalog: &Arc<Catalog>, path: &str) -> Result<Ready, Error> {
    let report = form_slug(path.strip_prefix(BELOW).ok_or(Error::NotFound)?)?;
    let context = find_form(catalog, report.as_ref())?;
    let form = blank(app, &context)?;
    let answer = FormAnswer {
        form: &form.sha256,
        resting: catalog.rests(report.as_ref()),
        check: context.asks_check().then_some(FIELD),
        document: FormDocument::new(app, &context),
    };
    Ok(Ready::json(json::text(&answer)?))
}
