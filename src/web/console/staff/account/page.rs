//! The page of one's own account.

use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::store::staff::{codes, members, sessions};
use crate::web::console::desk::{Desk, fault};
use crate::web::{App, Error};

pub(super) const PAGE: &str = "console/account.html";

/// What the page is given; an error is a field and its words.
pub(super) async fn context(
    app: &App,
    desk: &Desk,
    word: Option<&str>,
    error: Option<(&'static str, &str)>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let account = members::find(&mut tx, desk.staff_id).await?.ok_or(Error::NotFound)?;
    let open = sessions::list(&mut tx, app.clock.now(), desk.staff_id).await?;
    let left = codes::count_recovery(&mut tx, desk.staff_id).await?;
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
pub(super) async fn refused(
    app: &App,
    desk: &Desk,
    field: &'static str,
    words: &str,
) -> Result<Response, Error> {
    let context = context(app, desk, None, Some((field, words))).await?;
    desk.refused(app, PAGE, context)
}

pub(super) fn back(word: &str) -> Response {
    Redirect::to(&format!("/console/account?word={word}")).into_response()
}
