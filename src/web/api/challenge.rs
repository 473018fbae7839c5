//! `GET /api/v1/challenge?form=NAME`: work for the browser that sends a form, where that asks for it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::cors::preflight;
use super::problem::Problem;
use super::query;
use crate::domain::signup::submitted_form::form_name;
use crate::web::form::form_context::find_form;
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(give).map(|door| door.options(preflight)))
}

/// Get a challenge
///
/// Work for a form with a bot check, as its `check` says. The result goes into `altcha`, once, within half an hour.
#[utoipa::path(
    get,
    path = "/api/v1/challenge",
    operation_id = "get_challenge",
    tag = "forms",
    params(("form" = String, Query, description = "The `name` of the form.")),
    responses(
        (status = 200, description = "A challenge of ALTCHA, proof of work version 2", body = BTreeMap<String, Value>),
        (status = 404, description = "There is no such form"),
        (status = 410, description = "The report was withdrawn"),
    ),
    extensions(("x-curl" = json!("curl 'BASE/api/v1/challenge?form=newsletters'")))
)]
async fn give(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let fields = query::read(&head.uri, &["form"])?;
    let [name] = fields.all("form")[..] else {
        let words =
            "Send the `name` of the form once, such as reports/digital-councils or newsletters";
        return Ok(
            Problem::unusable(vec![InvalidField::new("form", "required", words)]).into_response()
        );
    };
    let catalog = app.catalog.get().await?;
    let report = match name.strip_prefix("reports/") {
        Some(slug) => Some(slug.parse().map_err(|_| Error::NotFound)?),
        None if name == form_name(None) => None,
        None => return Err(Error::NotFound),
    };
    find_form(&catalog, report.as_ref())?;
    let challenge =
        app.links.secrets.check_keys().challenge(name, app.clock.now(), app.random.bytes());
    let challenge = challenge.ok_or(Error::Internal)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(challenge)).into_response())
}
