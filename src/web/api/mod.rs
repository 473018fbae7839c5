//! The interface for programs: JSON in and out, errors as problem documents (RFC 9457).

mod bearer;
mod bounces;
mod challenge;
mod codes;
mod cors;
mod described;
mod document;
mod exports;
mod form_document;
mod forms;
mod json;
mod offered;
mod once;
mod page;
mod pending;
mod person;
mod problem;
mod query;
mod relays;
mod reports;
mod shapes;
mod signup_body;
mod signups;
mod subscribers;
mod told_consents;
mod withdrawals;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(super) use page::ApiPage;
pub(super) use problem::Problem;

use self::described::Described;
use super::{App, Error};

/// Under which errors are told to programs instead of people.
pub(super) const PREFIX: &str = "/api/";

pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let base_url = app.links.base_url.clone();
    let described = Extension(Arc::new(Described::new(move || openapi(&base_url))));
    let document = Router::from(described::router()).route_layer(described.clone());
    let everybody = Router::from(for_everybody()).merge(document);
    Router::new()
        .merge(everybody.route_layer(from_fn_with_state(app.clone(), cors::allow)))
        .merge(for_programs())
        .merge(page::router().route_layer(described))
}

/// All calls, as OpenAPI 3.1 tells them of a site at this address.
fn openapi(base_url: &str) -> OpenApi {
    let mut offers = offers().merge(described::router()).into_openapi();
    document::add_answers_to_readers(&mut offers);
    let mut everybody = of_one().into_openapi();
    everybody.merge(offers);
    document::add_answers_to_pages(&mut everybody);
    let mut all = document::begin(base_url);
    all.merge(everybody);
    all.merge(for_programs().into_openapi());
    document::complete(&mut all, base_url);
    all
}

/// The same as it is sent and printed.
///
/// # Errors
/// Only our own mistake: when it has no JSON form.
pub fn openapi_text(base_url: &str) -> Result<String, Error> {
    document::text(&openapi(base_url))
}

/// What asks for no token: pages elsewhere may call it, too.
fn for_everybody() -> OpenApiRouter<Arc<App>> {
    offers().merge(of_one())
}

/// Of that, what is the same for all, and so may be asked for on the condition that it has changed.
fn offers() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().merge(forms::router()).merge(reports::router())
}

/// What is somebody's own: the form that they send, and what goes with it.
fn of_one() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().merge(challenge::router()).merge(signups::router()).merge(codes::router())
}

/// What asks who calls.
fn for_programs() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .merge(exports::router())
        .merge(withdrawals::router())
        .merge(subscribers::router())
        .merge(person::router())
        .merge(bounces::router())
        .merge(relays::router())
}
