//! The interface for programs: JSON in and out, errors as problem documents (RFC 9457).

mod bearer;
mod bounces;
mod challenge;
mod codes;
mod cors;
mod exports;
mod form_document;
mod forms;
mod json;
mod offered;
mod once;
mod pending;
mod person;
mod problem;
mod relays;
mod reports;
mod signup_body;
mod signups;
mod subscribers;
mod withdrawals;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub(super) use problem::Problem;

use super::App;

/// Under which errors are told to programs instead of people.
pub(super) const PREFIX: &str = "/api/";

pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .merge(for_everybody().route_layer(from_fn_with_state(app.clone(), cors::allow)))
        .merge(bounces::router())
        .merge(relays::router())
        .merge(exports::router())
        .merge(subscribers::router())
        .merge(person::router())
        .merge(withdrawals::router())
}

/// What asks for no token: pages elsewhere may call it, too.
fn for_everybody() -> Router<Arc<App>> {
    Router::new()
        .merge(forms::router())
        .merge(challenge::router())
        .merge(signups::router())
        .merge(codes::router())
        .merge(reports::router())
}
