//! The interface for programs: JSON in and out, errors as problem documents (RFC 9457).

mod bearer;
mod bounces;
mod exports;
mod person;
mod problem;
mod relays;
mod subscribers;
mod withdrawals;

use std::sync::Arc;

use axum::Router;

pub(super) use problem::Problem;

use super::App;

/// Under which errors are told to programs instead of people.
pub(super) const PREFIX: &str = "/api/";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .merge(bounces::router())
        .merge(relays::router())
        .merge(exports::router())
        .merge(subscribers::router())
        .merge(person::router())
        .merge(withdrawals::router())
}
