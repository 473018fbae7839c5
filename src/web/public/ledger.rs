//! `/ledger/checkpoint`: the newest signed tree head, for whoever wants to hold us to it later; and beside it what is
//! needed to do so. Once the ledger goes on under another origin it stands beside that one's tiles, too.

mod key;
pub(super) mod page;
mod tiles;
mod verifier;

use std::sync::Arc;

use assent_ledger::epoch::Epoch;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::flows::ledger::cosigned_head::CosignedHead;
use crate::flows::ledger::read_tile::epoch_of;
use crate::web::headers::UNLISTED;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/ledger/checkpoint", get(checkpoint))
        .route("/ledger/{epoch}/checkpoint", get(checkpoint_of))
        .merge(page::router())
        .merge(key::router())
        .merge(tiles::router())
        .merge(verifier::router())
}

async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let newest = CosignedHead::find(&mut app.db.read().await?).await?.ok_or(Error::NotFound)?;
    Ok(show(&app, &newest))
}

/// The same at the prefix of the ledger's present origin (C2SP tlog-tiles); an earlier one has no newest head any more.
async fn checkpoint_of(
    State(app): State<Arc<App>>,
    Path(epoch): Path<String>,
) -> Result<Response, Error> {
    let epoch = Epoch::parse(&epoch).filter(|epoch| *epoch != Epoch::FIRST);
    let epoch = epoch.ok_or(Error::NotFound)?;
    let newest = CosignedHead::find(&mut app.db.read().await?).await?.ok_or(Error::NotFound)?;
    if epoch_of(&newest.head, &app.settings.ledger_keys)? != epoch {
        return Err(Error::NotFound);
    }
    Ok(show(&app, &newest))
}

fn show(app: &App, newest: &CosignedHead) -> Response {
    let note = newest.note(&app.settings.witnesses);
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    ([kind, UNLISTED], note).into_response()
}
