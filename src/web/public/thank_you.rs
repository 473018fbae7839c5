//! `GET /thank-you`: where a confirmed newsletter signup leads.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;

use crate::web::cookie::JustConfirmed;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/thank-you", get(show))
}

async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Html<String>, Error> {
    let manage = JustConfirmed::manage_path(&app, &headers, None);
    let context = json!({"site": *app.site, "manage_url": manage});
    Ok(Html(app.templates.render("public/thank_you.html", context)?))
}
