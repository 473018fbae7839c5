//! Sending parked mail again: one, or all that were parked for one reason.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::domain::timestamp::Timestamp;
use crate::flows::mail::retry_mail::{retry_all, retry_one};
use crate::store::mail::mails;
use crate::web::address::key;
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::is_sure;
use crate::web::console::mail::words::PATH;
use crate::web::{App, Error};

const PAGE: &str = "console/mail_retry.html";

pub(super) async fn one(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = key(&id)?;
    let mut tx = app.db.write().await?;
    let queued = retry_one(&mut tx, &app.moment(), &desk.actor(), id).await?;
    tx.commit().await?;
    app.mail_waits.notify_one();
    let word = if queued { "again" } else { "settled" };
    Ok(Redirect::to(&format!("{PATH}/{id}?word={word}")).into_response())
}

/// Says how many there are, and asks.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let context = question(&app, asked.one("reason"), false).await?;
    desk.page(&app, PAGE, context)
}

/// Sends those again that were counted, if the box is ticked.
pub(super) async fn all(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let reason = fields.one("reason");
    let by = fields.one("by").parse().ok().map(Timestamp::from_micros);
    let Some(by) = by.filter(|_| is_sure(&fields)) else {
        let context = question(&app, reason, true).await?;
        return desk.refused(&app, PAGE, context);
    };
    let mut tx = app.db.write().await?;
    let count = retry_all(&mut tx, &app.moment(), &desk.actor(), reason, by).await?;
    tx.commit().await?;
    app.mail_waits.notify_one();
    Ok(Redirect::to(&format!("{PATH}?word=again&count={count}")).into_response())
}

async fn question(app: &App, reason: &str, refused: bool) -> Result<serde_json::Value, Error> {
    let by = app.clock.now();
    let count = mails::count_parked_for(&mut app.db.read().await?, reason, by).await?;
    let errors = if refused {
        json!([fault("sure", "Tick the box if they are to be sent again")])
    } else {
        json!([])
    };
    Ok(json!({"reason": reason, "count": count, "by": by.micros().to_string(), "errors": errors}))
}
