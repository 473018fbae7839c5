//! `/embed/{name}`: the form of a report, or of `newsletters`, in a frame on a page of `embed_origins`. Each step is answered
//! in the frame: what its reader waits with stands in a hidden field, for browsers keep no cookies of a frame.

pub(super) mod form_page;
mod hand_in;
pub(super) mod inbox_page;
pub(super) mod ready_page;
mod steps;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::web::App;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/embed/{name}", get(hand_in::show).post(hand_in::submit))
        .route("/embed/{name}/code", get(steps::lead).post(steps::confirm))
        .route("/embed/{name}/instead", get(steps::lead).post(steps::instead))
        .route("/embed/{name}/resend", get(steps::lead).post(steps::resend))
}
