//! `/console/audit`: who did what, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::staff::audit_entries::{list_actions, list_actors, list_newest};
use crate::web::console::desk::{Asked, Desk, fault};
use crate::web::console::staff::audit::addresses::addresses;
use crate::web::console::staff::audit::filter::{Narrowed, PATH, read};
use crate::web::console::staff::audit::words;
use crate::web::{App, Error};

const PAGE: &str = "console/audit.html";
/// How many entries a page holds.
const ENTRIES: i64 = 50;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let narrowed = read(&asked, &app.site.timezone);
    let before = asked.one("before").parse().ok();
    let context = context(&app, &narrowed, before).await?;
    if narrowed.errors.is_empty() {
        desk.page(&app, PAGE, context)
    } else {
        desk.refused(&app, PAGE, context)
    }
}

/// The list again, with what was wrong about taking it away.
pub(super) async fn refused(
    app: &App,
    desk: &Desk,
    narrowed: &Narrowed,
) -> Result<Response, Error> {
    let mut context = context(app, narrowed, None).await?;
    if narrowed.errors.is_empty() {
        context["errors"] = json!([fault("form", "Choose CSV or NDJSON")]);
    }
    desk.refused(app, PAGE, context)
}

async fn context(app: &App, narrowed: &Narrowed, before: Option<Uuid>) -> Result<Value, Error> {
    let addresses = addresses(app).await?;
    let mut tx = app.db.read().await?;
    let found = list_newest(&mut tx, &narrowed.filter, before, ENTRIES + 1).await?;
    let actors = list_actors(&mut tx).await?;
    let actions = list_actions(&mut tx).await?;
    drop(tx);
    let page = usize::try_from(ENTRIES).unwrap_or(usize::MAX);
    let last = found.get(page - 1).filter(|_| found.len() > page);
    let option = |value: &String, title: String| json!({"value": value, "title": title});
    let is_narrowed = !narrowed.address("", "").is_empty();
    Ok(json!({
        "errors": narrowed.errors,
        "actor": narrowed.actor,
        "action": narrowed.action,
        "since": narrowed.since,
        "until": narrowed.until,
        "actors": actors.iter().map(|actor| option(actor, words::who(actor, &addresses)))
            .collect::<Vec<_>>(),
        "actions": actions.iter().map(|action| option(action, words::what(action, &Value::Null)))
            .collect::<Vec<_>>(),
        "is_narrowed": is_narrowed,
        "entries": found.iter().take(page).map(|entry| words::entry(entry, &addresses, &app.site.timezone))
            .collect::<Vec<_>>(),
        "newest": before.is_some().then(|| narrowed.address(PATH, "")),
        "older": last.map(|last| narrowed.address(PATH, &last.audit_entry_id.to_string())),
    }))
}
