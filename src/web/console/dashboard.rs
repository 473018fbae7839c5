//! `/console`: how the reports are doing today.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::desk::Desk;
use super::route::Route;
use crate::domain::right::Right;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/console", Right::See, show)]
}

async fn show(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    desk.page(&app, "console/dashboard.html", json!({}))
}
