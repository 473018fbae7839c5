//! `/ledger/key`: what the ledger's signatures are checked with, a line for each key (C2SP signed-note, "Verifier
//! keys"), or as a set of JSON Web Keys (RFC 7517), which `/ledger/key.json` always is.

use std::sync::Arc;

use assent_ledger::bundle::{JWKS_TYPE, keys_json};
use assent_ledger::note::VerifyingKey;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::store::ledger::epochs;
use crate::web::headers::UNLISTED;
use crate::web::http::accept::preferred;
use crate::web::http::validators::Validators;
use crate::web::{App, Error};

const LINES: &str = "text/plain";
const JSON: &str = "application/json";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/ledger/key", get(negotiate)).route("/ledger/key.json", get(as_jwk_set))
}

/// All keys whose signatures count at present, the newest first.
pub(super) async fn keys(app: &App) -> Result<Vec<VerifyingKey>, Error> {
    let mut tx = app.db.read().await?;
    let epoch = epochs::find_place(&mut tx).await?.epoch;
    app.settings.ledger_keys.trusted_in(epoch).map_err(|error| {
        tracing::error!(error = ?error, "the ledger's name has grown too long for a key's");
        Error::Internal
    })
}

async fn negotiate(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    let kind = preferred(&request, &[LINES, JWKS_TYPE, JSON]);
    let keys = keys(&app).await?;
    let answer = match kind {
        Some(JSON) => answer(&request, JSON, jwk_set(keys)),
        Some(JWKS_TYPE) => answer(&request, JWKS_TYPE, jwk_set(keys)),
        _ => {
            let lines: Vec<String> = keys.iter().map(ToString::to_string).collect();
            answer(&request, "text/plain; charset=utf-8", lines.join("\n") + "\n")
        }
    };
    let mut answer = answer?;
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    Ok(answer)
}

async fn as_jwk_set(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    answer(&request, JWKS_TYPE, jwk_set(keys(&app).await?))
}

fn jwk_set(keys: Vec<VerifyingKey>) -> String {
    keys_json(&keys.into_iter().map(|key| (key, None)).collect::<Vec<_>>())
}

/// Anybody may keep it, and asks after it before it is used again: a key may be replaced.
fn answer(request: &HeaderMap, kind: &'static str, text: String) -> Result<Response, Error> {
    let state = Validators::of_text(&text);
    let mut headers = state.headers();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend([UNLISTED]);
    if let Some(same) = state.not_modified(request, &headers)? {
        return Ok(same);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok((headers, text).into_response())
}
