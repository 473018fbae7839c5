//! `/ledger/key`: what the ledger's signatures are checked with, a line for each key (C2SP signed-note, "Verifier
//! keys"), or as a set of JSON Web Keys (RFC 7517), which `/ledger/key.json` always is.

use std::sync::Arc;

use assent_ledger::bundle::{JWKS_TYPE, keys_json};
use assent_ledger::note::VerifyingKey;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::flows::ledger::trusted_keys::find_trusted;
use crate::web::headers::UNLISTED;
use crate::web::http::accept::preferred;
use crate::web::http::validators::public_text;
use crate::web::{App, Error};

const LINES: &str = "text/plain";
const JSON: &str = "application/json";
/// What the answer depends on where its kind was asked for.
const BY_KIND: &str = "accept, accept-encoding";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/ledger/key", get(negotiate)).route("/ledger/key.json", get(as_jwk_set))
}

async fn keys(app: &App) -> Result<Vec<VerifyingKey>, Error> {
    Ok(find_trusted(&mut app.db.read().await?, &app.settings.ledger_keys).await?)
}

async fn negotiate(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    let kind = preferred(&request, &[LINES, JWKS_TYPE, JSON]);
    let keys = keys(&app).await?;
    match kind {
        Some(JSON) => answer(&request, (JSON, BY_KIND), keys_json(&keys)),
        Some(JWKS_TYPE) => answer(&request, (JWKS_TYPE, BY_KIND), keys_json(&keys)),
        _ => {
            let lines: Vec<String> = keys.iter().map(ToString::to_string).collect();
            answer(&request, ("text/plain; charset=utf-8", BY_KIND), lines.join("\n") + "\n")
        }
    }
}

async fn as_jwk_set(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    answer(&request, (JWKS_TYPE, "accept-encoding"), keys_json(&keys(&app).await?))
}

/// Anybody may keep it, and asks after it before it is used again: a key may be replaced.
fn answer(
    request: &HeaderMap,
    kind: (&'static str, &'static str),
    text: String,
) -> Result<Response, Error> {
    let mut answer = public_text(request, kind, text)?;
    answer.headers_mut().extend([UNLISTED]);
    Ok(answer)
}
