//! `GET /api/v1/challenge?form=NAME`: work for the browser that sends a form, where that asks for it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::cors::preflight;
use super::problem::Problem;
use crate::domain::signup::submitted_form::form_name;
use crate::web::form::form_context::{FormContext, find_report};
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api/v1/challenge", get(give).options(preflight))
}

/// A challenge for the form of this name; whether the form asks for one stands in its own document.
async fn give(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let fields = Fields::parse(head.uri.query().unwrap_or_default().as_bytes());
    if fields.has_other_than(&["form"]) {
        return Ok(Problem::unknown_field(&["form"]).into_response());
    }
    let [name] = fields.all("form")[..] else {
        let words =
            "Send the `name` of the form once, such as reports/digital-councils or newsletters";
        return Ok(
            Problem::unusable(vec![InvalidField::new("form", "required", words)]).into_response()
        );
    };
    let catalog = app.catalog.get().await?;
    if name == form_name(None) {
        FormContext::of_newsletters(&catalog).ok_or(Error::NotFound)?;
    } else {
        let slug = name.strip_prefix("reports/").ok_or(Error::NotFound)?;
        find_report(&catalog, &slug.parse().map_err(|_| Error::NotFound)?)?;
    }
    let challenge =
        app.links.secrets.check_keys().challenge(name, app.clock.now(), app.random.bytes());
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(challenge)).into_response())
}
