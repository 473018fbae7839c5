//! `/console/tasks`: what the program does by itself, when it did so last, and what fails.

pub(super) mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::desk::Desk;
use super::route::Route;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::store::background_tasks::{self, TaskState};
use crate::web::console::tasks::words::PATH;
use crate::web::{App, Error};

/// How long no word comes of any task of a worker before there seems to be none: it gives word every minute.
const SILENT: Duration = Duration::from_mins(5);

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(PATH, Right::See, show)]
}

async fn show(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let tasks = background_tasks::list(&mut app.db.read().await?).await?;
    let failing = tasks.iter().filter(|state| state.failing_since.is_some());
    let context = json!({
        "no_worker": no_worker(&tasks, app.clock.now()),
        "failing": failing.map(words::failing).collect::<Vec<_>>(),
        "tasks": tasks.iter().map(words::row).collect::<Vec<_>>(),
    });
    desk.page(&app, "console/tasks.html", context)
}

/// Since when no worker seems to run, if none does: `since` is empty where there never was one.
fn no_worker(tasks: &[TaskState], now: Timestamp) -> Option<Value> {
    let of_worker = tasks.iter().filter(|state| state.task.is_of_worker());
    let heard = of_worker.map(|state| state.finished_at).max();
    let is_silent = heard.is_none_or(|heard| now.since(heard) > SILENT);
    is_silent.then(|| json!({"since": heard}))
}
