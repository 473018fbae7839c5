//! `/console/mail/{id}`: one mail, every try to hand it over, and how it came back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::words;
use crate::domain::mail::outbox::OutboxState;
use crate::store::contacts::suppressions;
use crate::store::mail::mails;
use crate::web::address::key;
use crate::web::console::desk::{Asked, Desk};
use crate::web::{App, Error};

/// How many tries are shown, the newest first.
const TRIES: i64 = 100;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let id = key(&id)?;
    let mut tx = app.db.read().await?;
    let mail = mails::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let tries = mails::list_tries(&mut tx, id, TRIES).await?;
    let bounces = mails::list_bounces(&mut tx, id).await?;
    let suppressed = match &mail.address_key {
        Some(key) => suppressions::forbids(&mut tx, key, mail.kind, mail.created_at).await?,
        None => false,
    };
    drop(tx);
    let mut events: Vec<Value> =
        tries.iter().map(words::tried).chain(bounces.iter().map(words::came_back)).collect();
    // Texts of moments sort as moments do.
    events.sort_by(|one, other| other["at"].as_str().cmp(&one["at"].as_str()));
    let word = match asked.one("word") {
        "again" => Some("The mail is on its way again."),
        "settled" => Some("The mail was not parked any more, so nothing was changed."),
        _ => None,
    };
    let context = json!({
        "word": word,
        "mail": words::row(&mail, app.clock.now()),
        "may_retry": mail.state == OutboxState::Parked,
        "suppressed": suppressed,
        "events": events,
    });
    desk.page(&app, "console/mail_one.html", context)
}
