//! `/console/subscribers/{id}/erase`: everything held of one person goes (GDPR Art. 17).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::signup::form_state::Method;
use crate::domain::staff::right::Right;
use crate::flows::contacts::erase::erase_subscriber;
use crate::store::contacts::held;
use crate::web::console::contacts::subscribers::person::find;
use crate::web::console::desk::{Desk, Form, fault};
use crate::web::console::form::{FieldError, is_sure};
use crate::web::console::route::Route;
use crate::web::erasure::commit_erasure;
use crate::web::{App, Error};

/// How it is named in evidence.
const SOURCE: &str = "console";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/subscribers/{id}/erase", Right::Erase, ask),
        Route::post("/console/subscribers/{id}/erase", Right::Erase, press),
    ]
}

async fn ask(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let context = context(&app, &id, &[]).await?;
    desk.page(&app, "console/erase.html", context)
}

/// What goes, in numbers.
async fn context(app: &App, id: &str, errors: &[FieldError]) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, id).await?;
    let bodies = held::list_events(&mut tx, &person).await?;
    let counts = json!({
        "events": bodies.iter().filter(|event| event.body.is_some()).count(),
        "forms": held::list_signups(&mut tx, &person.address_key).await?.len(),
        "mails": held::list_mails(&mut tx, &person).await?.len(),
        "downloads": held::list_starts(&mut tx, person.subscriber_id).await?.len(),
    });
    let path = format!("/console/subscribers/{}", person.subscriber_id);
    Ok(json!({
        "person": {"path": path, "email": person.email}, "counts": counts, "errors": errors,
    }))
}

async fn press(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    if !is_sure(&fields) {
        let error = fault("sure", "Tick the box to say that all of it is to be deleted");
        let context = context(&app, &id, &[error]).await?;
        return desk.refused(&app, "console/erase.html", context);
    }
    let at = app.moment();
    let mut tx = app.db.write().await?;
    let id = find(&mut tx, &id).await?.subscriber_id;
    let held = erase_subscriber(&mut tx, &at, &app.terms, id, (Method::Staff, SOURCE)).await?;
    commit_erasure(&app, tx, &at, Some((&desk.actor(), held))).await?;
    Ok(desk.page(&app, "console/erased.html", json!({}))?.into_response())
}
