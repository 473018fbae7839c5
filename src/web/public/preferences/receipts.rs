//! `/preferences/{token}/receipts/{id}`: a consent receipt to print, and as a file that machines check.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::domain::contacts::imported_contact::ImportedWords;
use crate::flows::consent::receipt::{Receipt, Sealed, receipt};
use crate::ledger::note::encode_hash;
use crate::web::headers::UNLISTED;
use crate::web::public::preferences::page::find;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/preferences/{token}/receipts/{id}", get(show))
}

/// The file stands under the receipt's own path with this ending.
const FILE: &str = ".jws";

async fn show(
    State(app): State<Arc<App>>,
    Path((token, id)): Path<(String, String)>,
) -> Result<Response, Error> {
    let event_id = id.strip_suffix(FILE).unwrap_or(&id).parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let subscriber = find(&app, &mut tx, &token).await?;
    let from = (&app.site.controller, &app.links);
    let receipt = receipt(&mut tx, app.clock.now(), &app.terms, from, event_id).await?;
    drop(tx);
    // Only their own: an id is no secret, and the link is not of somebody else.
    let receipt = receipt.filter(|receipt| receipt.event.subject_id == subscriber.subscriber_id);
    let receipt = receipt.ok_or(Error::NotFound)?;
    if id.ends_with(FILE) {
        // Entered within seconds; a receipt without its proof would be none.
        file(&id, receipt.sealed.ok_or(Error::Unavailable)?)
    } else {
        page(&app, &token, &id, &receipt).map(IntoResponse::into_response)
    }
}

fn file(id: &str, sealed: Sealed) -> Result<Response, Error> {
    let name =
        format!("attachment; filename=\"receipt-{id}\"").parse().map_err(|_| Error::Internal)?;
    let kind = header::HeaderValue::from_static("application/jose");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name), UNLISTED];
    Ok((headers, sealed.jws).into_response())
}

fn page(app: &App, token: &str, id: &str, receipt: &Receipt) -> Result<Html<String>, Error> {
    let Receipt { event, body, sealed } = receipt;
    let name = event.purpose.named(event.name.as_deref());
    let label = &body["policy"]["label"];
    let ledger = sealed.as_ref().map(|sealed| {
        let head = sealed.head.checkpoint();
        json!({"index": sealed.index, "size": head.size, "root": encode_hash(&head.root),
               "origin": head.origin, "key": app.terms.ledger_keys.first().vkey().to_string()})
    });
    let file_url = sealed.as_ref().map(|_| format!("/preferences/{token}/receipts/{id}{FILE}"));
    let policy_url = label.as_str().map(|label| format!("/policies/privacy/{label}"));
    // Consent that was brought in was given when its evidence says, and recorded later.
    let stated_at = (body["method"] == "import").then(|| &body["requested_at"]);
    let words = &body["notice"]["text"];
    let has_words = words.as_str().is_some_and(|words| !ImportedWords::are_unknown(words));
    let context: Value = json!({
        "site": *app.site,
        "token": token,
        "id": id,
        "event": {
            "name": name, "type": event.event_type, "purpose": event.purpose,
            "words": words, "has_words": has_words, "at": event.recorded_at, "stated_at": stated_at,
            "policy_label": label, "policy_url": policy_url, "method": body["method"],
            "source": body["source"], "address": body["email"], "report": body["report"],
        },
        "ledger": ledger,
        "file_url": file_url,
    });
    Ok(Html(app.templates.render("public/receipt.html", context)?))
}
