//! Where requests stand at the console.

use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use crate::web::address::with_fields;

pub(super) const PATH: &str = "/console/requests";

/// The page of one.
pub(super) fn path_of(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// Back to the page of one, which says what became of it.
pub(super) fn back(id: Uuid, word: &str) -> Response {
    Redirect::to(&with_fields(&path_of(id), &[("word", word)])).into_response()
}
