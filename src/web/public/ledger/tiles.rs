//! `/ledger/tile/…`: the hashes of the tree, out of which anybody makes any proof (C2SP tlog-tiles). Leaves are
//! salted, so that hashes tell nothing of whom they are about; entries are given to nobody here.

use std::sync::Arc;

use assent_ledger::digest::sha256_hex;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use axum::routing::get;

use crate::domain::ledger::tile_name::TileName;
use crate::flows::ledger::read_tile::read_tile;
use crate::web::headers::UNLISTED;
use crate::web::http::for_good::for_good;
use crate::web::http::validators::Validators;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/ledger/tile/{*name}", get(show))
}

async fn show(
    State(app): State<Arc<App>>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    // As it was sent: what is encoded is another spelling, and another entry in caches.
    let name = uri.path().strip_prefix("/ledger/tile/").and_then(TileName::parse);
    let name = name.ok_or(Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let tile = read_tile(&mut tx, &name).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let state = Validators::of_file(sha256_hex(&tile.hashes), None, app.clock.now());
    let mut answer = for_good(&request, &state, "application/octet-stream", tile.hashes)?;
    if !tile.always_was {
        // Before the loss this address may have led to other hashes.
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    answer.headers_mut().extend([UNLISTED]);
    Ok(answer)
}
