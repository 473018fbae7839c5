//! `GET /thank-you`: where a confirmed newsletter signup leads.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;

use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/thank-you", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let context = json!({"site": *app.site});
    Ok(Html(app.templates.render("public/thank_you.html", context)?))
}
