//! `/preferences/{token}/erase`: everything held goes (GDPR Art. 17).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use super::{SOURCE, Said, find, refused};
use crate::domain::signup::Method;
use crate::flows::erase::erase;
use crate::web::erasure::commit_erasure;
use crate::web::fields::Fields;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/preferences/{token}/erase", post(press))
}

async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let subscriber = find(&app, &mut tx, &token).await?;
    if fields.all("confirm") != ["yes"] {
        drop(tx);
        let message = "Tick the box to say that everything is to be deleted";
        return refused(&app, &token, &Said::wrong("confirm", message)).await;
    }
    let at = app.moment();
    erase(&mut tx, &at, &app.terms, &subscriber.address_key, (Method::Form, SOURCE)).await?;
    commit_erasure(&app, tx, &at, None).await?;
    let page = app.templates.render("public/erased.html", json!({"site": *app.site}))?;
    Ok(Html(page).into_response())
}
