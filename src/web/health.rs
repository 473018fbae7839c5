//! Whether the program lives, and whether it can take signups.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::App;
use crate::store;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// 503 while the database is away. A mail relay that is away does not stop signups, for mail waits; the
/// detail says so.
async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let database = async { store::ping(&mut app.db.read().await?).await };
    let (status, database) = match database.await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "does not answer"),
    };
    let mail = match app.relay_status.get() {
        Some(why) => format!("waits: {why}"),
        None if app.sends_mail => "ok".to_owned(),
        None => "sent by another process".to_owned(),
    };
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, text, format!("database: {database}\nmail: {mail}\n"))
}
