//! `/ledger/tile/…`: the hashes of the tree, out of which anybody makes any proof (C2SP tlog-tiles). Leaves are
//! salted, so that hashes tell nothing of whom they are about; entries are given to nobody here. What is given is the
//! same for good. So once the ledger goes on under another origin, such as `HOST/ledger/r2`, after a loss, its tiles stand
//! at other addresses, `/ledger/r2/tile/…`, and at those of before is what was not lost.

use std::sync::Arc;

use assent_ledger::digest::sha256_hex;
use assent_ledger::epoch::Epoch;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;

use crate::domain::ledger::log_prefix::epoch_at;
use crate::domain::ledger::tile_name::TileName;
use crate::flows::ledger::read_tile::read_tile;
use crate::web::headers::UNLISTED;
use crate::web::http::for_good::for_good;
use crate::web::http::validators::Validators;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/ledger/tile/{*name}", get(show))
        .route("/ledger/{epoch}/tile/{*name}", get(show))
}

/// The epoch and the tile that a path names, in its one spelling.
fn parse(path: &str) -> Option<(Epoch, TileName)> {
    let (log, name) = path.split_once("/tile/")?;
    Some((epoch_at(log)?, TileName::parse(name)?))
}

async fn show(
    State(app): State<Arc<App>>,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, Error> {
    // As it was sent: what is encoded is another spelling, and another entry in caches.
    let (epoch, name) = parse(uri.path()).ok_or(Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let tile = read_tile(&mut tx, &app.settings.ledger_keys, (epoch, &name)).await?;
    drop(tx);
    let hashes = tile.ok_or(Error::NotFound)?;
    let state = Validators::of_file(sha256_hex(&hashes), None, app.clock.now());
    let mut answer = for_good(&request, &state, "application/octet-stream", hashes)?;
    answer.headers_mut().extend([UNLISTED]);
    Ok(answer)
}
