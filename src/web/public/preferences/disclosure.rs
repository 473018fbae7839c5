//! `/preferences/{token}/my-data`: everything held, to read and to take along.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::flows::contacts::disclose::disclose;
use crate::web::headers::UNLISTED;
use crate::web::public::preferences::page::find;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/preferences/{token}/my-data", get(show))
        .route("/preferences/{token}/my-data.json", get(file))
}

async fn data(app: &App, token: &str) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let subscriber = find(app, &mut tx, token).await?;
    let mut data = disclose(&mut tx, app.clock.now(), &subscriber).await?;
    let receipts = format!("{}/preferences/{token}/receipts", app.links.base_url);
    for consent in data["consents"].as_array_mut().into_iter().flatten() {
        let id = consent["receipt_id"].as_str().unwrap_or_default();
        consent["receipt_url"] = format!("{receipts}/{id}.jws").into();
    }
    Ok(data)
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let data = data(&app, &token).await?;
    let context = json!({"site": *app.site, "token": token, "data": data});
    Ok(Html(app.templates.render("public/my_data.html", context)?))
}

async fn file(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, Error> {
    let data = data(&app, &token).await?;
    let text = serde_json::to_string_pretty(&data).map_err(crate::flows::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
    ];
    Ok((headers, [UNLISTED], text).into_response())
}
