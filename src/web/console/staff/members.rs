//! `/console/staff`: accounts and roles.

mod one;
mod words;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::request_id::RequestId;
use crate::domain::staff::member::Role;
use crate::domain::staff::right::Right;
use crate::flows::staff::change_staff::require_codes;
use crate::flows::staff::invite_staff::invite;
use crate::store::staff::{accounts, role_rules};
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::Faults;
use crate::web::console::route::Route;
use crate::web::console::staff::members::words::{last_seen, roles};
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

const PAGE: &str = "console/staff.html";

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/staff", Right::ManageStaff, show),
        Route::post("/console/staff", Right::ManageStaff, send_invitation),
        Route::post("/console/staff/rules", Right::ManageStaff, set_rules),
    ];
    routes.extend(one::routes());
    routes
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "invited" => Some("The invitation is on its way. Its link works for seven days."),
        "cancelled" => Some("The invitation is cancelled, and the address is forgotten."),
        "rules" => Some("The rules are saved. Who must set two-factor up is asked to at once."),
        _ => None,
    };
    desk.page(&app, PAGE, context(&app, &desk, word, &Fields::default(), vec![]).await?)
}

async fn context(
    app: &App,
    desk: &Desk,
    word: Option<&str>,
    sent: &Fields,
    errors: Faults,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let mut accounts = Vec::new();
    for account in accounts::list(&mut tx).await? {
        accounts.push(json!({
            "path": format!("/console/staff/{}", account.staff_id),
            "email": account.email,
            "role": account.role.as_str(),
            "state": account.state(),
            "seen_at": last_seen(&mut tx, &account).await?,
            "two_factor": account.code_since.is_some(),
            "is_me": account.staff_id == desk.staff_id,
        }));
    }
    let rules = role_rules::list(&mut tx).await?;
    let required: Vec<&str> =
        rules.iter().filter(|rule| rule.requires_code).map(|rule| rule.role.as_str()).collect();
    Ok(json!({
        "word": word,
        "accounts": accounts,
        "roles": roles(),
        "required": required,
        "sent": {"email": sent.one("email"), "role": sent.one("role")},
        "errors": errors,
    }))
}

async fn send_invitation(
    State(app): State<Arc<App>>,
    desk: Desk,
    request_id: RequestId,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (email, role) = match read(&fields) {
        Ok(read) => read,
        Err(errors) => return refused(&app, &desk, &fields, errors).await,
    };
    let mut tx = app.db.write().await?;
    let invited = invite(&mut tx, &app.moment_of(request_id), &desk.actor(), &email, role).await?;
    tx.commit().await?;
    if invited.is_none() {
        let errors = vec![fault("email", "This address has an account already: it is in the list")];
        return refused(&app, &desk, &fields, errors).await;
    }
    app.mail_waits.notify_one();
    Ok(Redirect::to("/console/staff?word=invited").into_response())
}

fn read(fields: &Fields) -> Result<(EmailAddress, Role), Faults> {
    let email = EmailAddress::parse(fields.one("email"));
    let role = fields.one("role").parse().ok();
    let mut faults = Faults::new();
    match &email {
        Ok(_) => {}
        Err(_) if fields.one("email").trim().is_empty() => {
            faults.push(fault("email", "Enter their email address"));
        }
        Err(error) => faults.push(fault("email", error)),
    }
    if role.is_none() {
        faults.push(fault("role", "Choose what the account may do"));
    }
    email.ok().zip(role).ok_or(faults)
}

async fn refused(
    app: &App,
    desk: &Desk,
    fields: &Fields,
    errors: Faults,
) -> Result<Response, Error> {
    let context = context(app, desk, None, fields, errors).await?;
    desk.refused(app, PAGE, context)
}

async fn set_rules(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let roles: Vec<Role> =
        fields.all("required").iter().filter_map(|role| role.parse().ok()).collect();
    let mut tx = app.db.write().await?;
    require_codes(&mut tx, &app.moment(), &desk.actor(), &roles).await?;
    tx.commit().await?;
    Ok(Redirect::to("/console/staff?word=rules").into_response())
}
