//! `GET /`: published reports and the newsletter form.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};

use super::newsletters;
use super::reports::card;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let reports: Vec<Value> = catalog.published().map(|offered| card(&offered.report)).collect();
    let form = newsletters::form(&catalog);
    let context = json!({"site": *app.site, "reports": reports, "form": form});
    Ok(Html(app.templates.render("public/index.html", context)?))
}
