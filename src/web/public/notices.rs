//! `/notices/{sha256}.txt`: the exact words that somebody agreed to, by their hash, as evidence and receipts name them.

use std::sync::Arc;

use assent_ledger::digest::is_sha256_hex;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::store::catalog::notices;
use crate::web::headers::UNLISTED;
use crate::web::http::hashed_text::HashedText;
use crate::web::{App, Error};

const ENDING: &str = ".txt";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/notices/{name}", get(show))
}

/// Where the words of this hash stand.
pub(super) fn path(sha256: &str) -> String {
    format!("/notices/{sha256}{ENDING}")
}

async fn show(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    // In one spelling, so that words have one address.
    let sha256 = name.strip_suffix(ENDING).filter(|hash| is_sha256_hex(hash));
    let sha256 = sha256.ok_or(Error::NotFound)?;
    let notice = notices::find_by_hash(&mut app.db.read().await?, sha256).await?;
    let notice = notice.ok_or(Error::NotFound)?;
    let kind = "text/plain; charset=utf-8";
    let words = HashedText { kind, sha256, lang: &notice.lang, text: notice.words };
    let mut answer = words.answer(&request)?;
    answer.headers_mut().extend([UNLISTED]);
    Ok(answer)
}
