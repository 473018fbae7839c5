//! `/ledger/checkpoint`: the newest signed tree head, for whoever wants to hold us to it later; and beside it what is
//! needed to do so.

mod key;
pub(super) mod page;
mod tiles;
mod verifier;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::store::ledger::checkpoints;
use crate::web::headers::UNLISTED;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/ledger/checkpoint", get(checkpoint))
        .merge(page::router())
        .merge(key::router())
        .merge(tiles::router())
        .merge(verifier::router())
}

async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let newest = checkpoints::find_kept(&mut tx).await?.ok_or(Error::NotFound)?;
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(([kind, UNLISTED], newest.note).into_response())
}
