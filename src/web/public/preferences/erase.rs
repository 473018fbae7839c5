//! `/preferences/{token}/erase`: everything held goes (GDPR Art. 17).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use super::{SOURCE, Sent, find, refused};
use crate::domain::signup::Method;
use crate::flows::erase::erase;
use crate::store::consents;
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
        let standing = consents::list(&mut tx, subscriber.subscriber_id).await?;
        drop(tx);
        let ticked: Vec<_> =
            standing.into_iter().filter(|s| s.state.in_force()).map(|s| s.purpose).collect();
        let message = "Tick the box to say that everything is to be deleted".to_owned();
        return refused(
            &app,
            &token,
            Sent { ticked: &ticked, ..Sent::default() },
            ("confirm", message),
        )
        .await;
    }
    let at = app.moment();
    erase(&mut tx, &at, &app.terms, &subscriber.address_key, (Method::Form, SOURCE)).await?;
    commit_erasure(&app, tx, &at, None).await?;
    let page = app.templates.render("public/erased.html", json!({"site": *app.site}))?;
    Ok(Html(page).into_response())
}
