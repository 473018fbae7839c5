//! `GET /api/v1/forms/{name}`: a form, for who draws it on another page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::cors::preflight;
use super::form_document::{FormAnswer, FormDocument, blank};
use super::json;
use super::query;
use crate::web::form::bot_check::FIELD;
use crate::web::form::form_context::{find_form, form_slug};
use crate::web::http::ready::Ready;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

const BELOW: &str = "/api/v1/forms/";

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(show).map(|door| door.options(preflight)))
}

/// Get a form
///
/// What is to be drawn: fields, boxes with their words, and the policy. No box is ticked beforehand.
#[utoipa::path(
    get,
    path = "/api/v1/forms/{name}",
    operation_id = "show_form",
    tag = "forms",
    params(("name" = String, Path, description = "The short name of a report, or `newsletters`.")),
    responses(
        (status = 200, description = "The form", body = FormAnswer),
        (status = 404, description = "There is no such form"),
        (status = 410, description = "The report was withdrawn"),
    ),
    extensions(("x-curl" = json!("curl BASE/api/v1/forms/newsletters")))
)]
async fn show(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    query::demand_none(&uri)?;
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
