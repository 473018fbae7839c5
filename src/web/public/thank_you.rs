//! `GET /thank-you`: where a confirmed newsletter signup leads. It holds no key, so what is agreed to is said in the
//! browser that has just confirmed alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;

use super::downloads::present;
use crate::store::consent::consents;
use crate::web::cookie::JustConfirmed;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/thank-you", get(show))
}

async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Html<String>, Error> {
    let subscriber_id = JustConfirmed::read(&app, &headers);
    let standing = match subscriber_id {
        Some(id) => consents::list(&mut app.db.read().await?, id).await?,
        None => vec![],
    };
    let context = json!({
        "site": *app.site,
        "agreed": present(&standing),
        "manage_url": subscriber_id.filter(|_| !standing.is_empty()).map(|id| JustConfirmed::manage_path(&app, id)),
    });
    Ok(Html(app.templates.render("public/thank_you.html", context)?))
}
