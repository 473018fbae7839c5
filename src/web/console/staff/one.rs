//! `/console/staff/{id}`: one account, and all that an admin can change about it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{last_seen, roles};
use crate::domain::right::Right;
use crate::domain::staff::Role;
use crate::flows::change_staff::{self, Changed, change_role, turn_code_off};
use crate::flows::invite_staff::{cancel_invitation, invite_again};
use crate::flows::set_password::send_reset;
use crate::store::{staff_accounts, staff_sessions};
use crate::web::console::address::key;
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::is_sure;
use crate::web::console::route::Route;
use crate::web::{App, Error};

const PAGE: &str = "console/staff_account.html";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/staff/{id}", Right::ManageStaff, show),
        Route::post("/console/staff/{id}/role", Right::ManageStaff, set_role),
        Route::post("/console/staff/{id}/disable", Right::ManageStaff, disable),
        Route::post("/console/staff/{id}/enable", Right::ManageStaff, enable),
        Route::post("/console/staff/{id}/reset", Right::ManageStaff, reset),
        Route::post("/console/staff/{id}/invite-again", Right::ManageStaff, send_again),
        Route::post("/console/staff/{id}/cancel", Right::ManageStaff, cancel),
        Route::post("/console/staff/{id}/two-factor-off", Right::ManageStaff, two_factor_off),
    ]
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "role" => Some("The role is changed, and the sessions of this account are ended."),
        "disabled" => Some("The account is disabled, and its sessions are ended."),
        "enabled" => Some("The account is enabled: its password works again."),
        "reset" => Some("A link to a new password is on its way. It works for an hour."),
        "again" => Some("Another invitation is on its way. The one before works no more."),
        "two-factor" => Some("Two-factor is off, and the sessions of this account are ended."),
        "same" => Some("That was so already: nothing changed."),
        _ => None,
    };
    let context = context(&app, &desk, key(&id)?, word, None).await?;
    desk.page(&app, PAGE, context)
}

async fn context(
    app: &App,
    desk: &Desk,
    staff_id: Uuid,
    word: Option<&str>,
    error: Option<(&str, &str)>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let account = staff_accounts::find(&mut tx, staff_id).await?.ok_or(Error::NotFound)?;
    let sessions = staff_sessions::list(&mut tx, app.clock.now(), staff_id).await?;
    let errors: Vec<_> = error.iter().map(|(field, words)| fault(field, words)).collect();
    Ok(json!({
        "word": word,
        "account": {
            "path": format!("/console/staff/{staff_id}"),
            "email": account.email,
            "role": account.role.as_str(),
            "state": account.state(),
            "seen_at": last_seen(&mut tx, &account).await?,
            "created_at": account.created_at,
            "disabled_at": account.disabled_at,
            "has_password": account.has_password,
            "invited_until": account.invited_until,
            "invitation_works": account.invited_until.is_some_and(|until| until > app.clock.now()),
            "code_since": account.code_since,
            "sessions": sessions.len(),
            "is_me": account.staff_id == desk.staff_id,
        },
        "roles": roles(),
        "errors": errors,
    }))
}

fn back(staff_id: Uuid, word: &str) -> Response {
    Redirect::to(&format!("/console/staff/{staff_id}?word={word}")).into_response()
}

/// The answer to a change: back to the account, or to the sign-in for who changed their own.
async fn answer(
    app: &App,
    desk: &Desk,
    staff_id: Uuid,
    changed: Changed,
    (word, field): (&str, &str),
) -> Result<Response, Error> {
    match changed {
        Changed::Done => Ok(back(staff_id, word)),
        Changed::Same => Ok(back(staff_id, "same")),
        Changed::Unknown => Err(Error::NotFound),
        Changed::LastAdmin => {
            let words = "This is the last admin who can sign in: make another one first";
            let context = context(app, desk, staff_id, None, Some((field, words))).await?;
            desk.refused(app, PAGE, context)
        }
    }
}

/// Whether the box was ticked that says so; else the page again.
async fn unsure(
    app: &App,
    desk: &Desk,
    staff_id: Uuid,
    (form, field): (&Form, &str),
) -> Result<Option<Response>, Error> {
    if is_sure(&form.0) {
        return Ok(None);
    }
    let words = "Tick the box to say that you are sure";
    let context = context(app, desk, staff_id, None, Some((field, words))).await?;
    desk.refused(app, PAGE, context).map(Some)
}

async fn set_role(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let Ok(role) = fields.one("role").parse::<Role>() else {
        let error = Some(("role", "Choose what the account may do"));
        let context = context(&app, &desk, staff_id, None, error).await?;
        return desk.refused(&app, PAGE, context);
    };
    let mut tx = app.db.write().await?;
    let changed = change_role(&mut tx, &app.moment(), &desk.actor(), staff_id, role).await?;
    tx.commit().await?;
    answer(&app, &desk, staff_id, changed, ("role", "role")).await
}

async fn disable(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    if let Some(page) = unsure(&app, &desk, staff_id, (&form, "sure")).await? {
        return Ok(page);
    }
    let mut tx = app.db.write().await?;
    let changed = change_staff::disable(&mut tx, &app.moment(), &desk.actor(), staff_id).await?;
    tx.commit().await?;
    answer(&app, &desk, staff_id, changed, ("disabled", "sure")).await
}

async fn enable(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let mut tx = app.db.write().await?;
    let changed = change_staff::enable(&mut tx, &app.moment(), &desk.actor(), staff_id).await?;
    tx.commit().await?;
    answer(&app, &desk, staff_id, changed, ("enabled", "form")).await
}

async fn two_factor_off(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    if let Some(page) = unsure(&app, &desk, staff_id, (&form, "sure-code")).await? {
        return Ok(page);
    }
    let mut tx = app.db.write().await?;
    let changed = turn_code_off(&mut tx, &app.moment(), &desk.actor(), staff_id).await?;
    tx.commit().await?;
    answer(&app, &desk, staff_id, changed, ("two-factor", "sure-code")).await
}

async fn reset(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let mut tx = app.db.write().await?;
    if !send_reset(&mut tx, &app.moment(), &desk.actor(), staff_id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    app.mail_waits.notify_one();
    Ok(back(staff_id, "reset"))
}

async fn send_again(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let mut tx = app.db.write().await?;
    if !invite_again(&mut tx, &app.moment(), &desk.actor(), staff_id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    app.mail_waits.notify_one();
    Ok(back(staff_id, "again"))
}

async fn cancel(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    if !cancel_invitation(&mut tx, &app.moment(), &desk.actor(), key(&id)?).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Redirect::to("/console/staff?word=cancelled").into_response())
}
