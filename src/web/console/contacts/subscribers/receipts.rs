//! `/console/receipts/{id}`: one fact of the ledger, by the `receipt_id` of an export; and what can be taken
//! away of one person, which is written down.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::staff::right::Right;
use crate::flows::consent::receipt::{Receipt, receipt};
use crate::flows::contacts::disclose::disclose;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::ledger::note::encode_hash;
use crate::store::contacts::subscribers;
use crate::web::console::contacts::subscribers::person::find;
use crate::web::console::contacts::subscribers::timeline::way;
use crate::web::console::desk::Desk;
use crate::web::console::route::Route;
use crate::web::disclosure::note_disclosure;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/receipts/{id}", Right::See, show),
        Route::take("/console/receipts/{id}/file", Right::Export, file),
        Route::take("/console/subscribers/{id}/data", Right::Export, data),
    ]
}

async fn read(app: &App, id: &str) -> Result<Receipt, Error> {
    let event_id = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let from = (&app.site.controller, &app.links);
    let receipt = receipt(&mut tx, app.clock.now(), &app.terms, from, event_id).await?;
    receipt.ok_or(Error::NotFound)
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let Receipt { event, body, sealed } = read(&app, &id).await?;
    let person = subscribers::find(&mut app.db.read().await?, event.subject_id).await?;
    let ledger = sealed.as_ref().map(|sealed| {
        let head = sealed.head.checkpoint();
        json!({"index": sealed.index, "size": head.size, "root": encode_hash(&head.root)})
    });
    let file = ledger.as_ref().map(|_| format!("/console/receipts/{id}/file"));
    let context: Value = json!({
        "receipt": {
            "id": id, "state": event.event_type, "title": event.purpose.named(event.name.as_deref()),
            "at": event.recorded_at, "words": body["notice"]["text"], "sha256": body["notice"]["sha256"],
            "policy": body["policy"]["label"],
            "method": way(body["method"].as_str().unwrap_or_default()),
            "source": body["source"], "report": body["report"], "address": body["email"],
        },
        "person": person.map(|person| format!("/console/subscribers/{}", person.subscriber_id)),
        "ledger": ledger,
        "file": file,
    });
    desk.page(&app, "console/receipt.html", context)
}

async fn file(
    State(app): State<Arc<App>>,
    desk: Desk,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    // Entered within seconds; a receipt without its proof would be none.
    let sealed = read(&app, &id).await?.sealed.ok_or(Error::Unavailable)?;
    let detail = json!({"receipt_id": id});
    record(&app, &desk, &method, (Disclosure::Receipt, &detail)).await?;
    answer("application/jose", &format!("receipt-{id}.jws"), sealed.jws)
}

async fn data(
    State(app): State<Arc<App>>,
    desk: Desk,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, &id).await?;
    let data = disclose(&mut tx, app.clock.now(), &person).await?;
    drop(tx);
    let text = data.to_file()?;
    let detail = json!({"subscriber_id": person.subscriber_id});
    record(&app, &desk, &method, (Disclosure::SubscriberData, &detail)).await?;
    answer("application/json", &format!("subscriber-{}.json", person.subscriber_id), text)
}

/// HEAD says what GET would send, and gives nothing away.
async fn record(
    app: &App,
    desk: &Desk,
    method: &Method,
    (what, detail): (Disclosure, &Value),
) -> Result<(), Error> {
    if *method == Method::HEAD {
        return Ok(());
    }
    note_disclosure(app, &desk.actor(), what, detail).await
}

fn answer(kind: &'static str, name: &str, text: String) -> Result<Response, Error> {
    let kind = header::HeaderValue::from_static(kind);
    let name = format!("attachment; filename=\"{name}\"").parse().map_err(|_| Error::Internal)?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
