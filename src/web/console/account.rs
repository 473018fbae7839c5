//! `/console/account`: one's own password, sessions and two-factor.

mod password;
mod proof;
mod two_factor;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::desk::{Asked, Desk, fault};
use super::route::Route;
use crate::domain::right::Right;
use crate::flows::sign_in::{end_other_sessions, end_session};
use crate::store::{staff, staff_codes, staff_sessions};
use crate::web::{App, Error};

const PAGE: &str = "console/account.html";

pub(super) fn routes() -> Vec<Route> {
    let own = Right::OwnAccount;
    let mut routes = vec![
        Route::get("/console/account", own, show),
        Route::post("/console/account/sessions/end-others", own, end_others),
        Route::post("/console/account/sessions/{id}/end", own, end_one),
    ];
    routes.extend(password::routes());
    routes.extend(two_factor::routes());
    routes
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "password" => Some("Your password is changed, and your other sessions are ended."),
        "ended" => Some("The session is ended."),
        "others-ended" => Some("Your other sessions are ended."),
        "two-factor-off" => Some("Two-factor is off."),
        "two-factor-first" => {
            Some("Your role must use two-factor. Set it up below to go on to the other pages.")
        }
        _ => None,
    };
    desk.page(&app, PAGE, context(&app, &desk, word, None).await?)
}

/// What the page is given; an error is a field and its words.
async fn context(
    app: &App,
    desk: &Desk,
    word: Option<&str>,
    error: Option<(&str, &str)>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let account = staff::find(&mut tx, desk.staff_id).await?.ok_or(Error::NotFound)?;
    let open = staff_sessions::list(&mut tx, app.clock.now(), desk.staff_id).await?;
    let left = staff_codes::count_recovery(&mut tx, desk.staff_id).await?;
    let sessions: Vec<Value> = open
        .iter()
        .map(|session| {
            json!({"id": session.staff_session_id, "browser": session.browser,
                   "created_at": session.created_at, "seen_at": session.seen_at,
                   "is_this": session.staff_session_id == desk.session_id})
        })
        .collect();
    let errors: Vec<_> = error.iter().map(|(field, words)| fault(field, words)).collect();
    Ok(json!({
        "word": word,
        "sessions": sessions,
        "code_since": account.code_since,
        "codes_left": left,
        "must": desk.requires_code,
        "errors": errors,
    }))
}

/// The page again, with what is wrong with what was sent.
async fn refused(app: &App, desk: &Desk, field: &str, words: &str) -> Result<Response, Error> {
    let context = context(app, desk, None, Some((field, words))).await?;
    desk.refused(app, PAGE, context)
}

fn back(word: &str) -> Response {
    Redirect::to(&format!("/console/account?word={word}")).into_response()
}

async fn end_one(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.write().await?;
    if !end_session(&mut tx, &app.moment(), desk.staff_id, id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(back("ended"))
}

async fn end_others(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    end_other_sessions(&mut tx, &app.moment(), desk.staff_id, desk.session_id).await?;
    tx.commit().await?;
    Ok(back("others-ended"))
}
