//! `/console/staff`: accounts and roles.

pub(in crate::web::console) mod account_page;
mod labels;
mod one;

use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::request_id::RequestId;
use crate::domain::staff::member::Role;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::flows::staff::change_staff::require_codes;
use crate::flows::staff::invite_staff::invite;
use crate::store::staff::{accounts, role_rules};
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::choice::Choice;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff::members::labels::{last_seen, roles};
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/staff", Right::ManageStaff, show),
        Route::post("/console/staff", Right::ManageStaff, send_invitation),
        Route::post("/console/staff/rules", Right::ManageStaff, set_rules),
    ];
    routes.extend(one::routes());
    routes
}

async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "invited" => Some("The invitation is on its way. Its link works for seven days."),
        "cancelled" => Some("The invitation is cancelled, and the address is forgotten."),
        "rules" => Some("The rules are saved. Who must set two-factor up is asked to at once."),
        _ => None,
    };
    let none = Fields::default();
    let page = StaffPage::load(&session, &none).await?;
    session.show(&StaffPage { word, ..page })
}

/// `console/staff.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct StaffPage<'a> {
    word: Option<&'static str>,
    accounts: Vec<Row>,
    roles: Vec<Choice<'static>>,
    /// The roles that must use two-factor.
    required: Vec<&'static str>,
    sent: Sent<'a>,
    errors: Faults,
}

/// An account in the list.
#[derive(Clone, Serialize)]
struct Row {
    path: String,
    email: EmailAddress,
    role: &'static str,
    state: &'static str,
    seen_at: Option<Timestamp>,
    two_factor: bool,
    is_me: bool,
}

/// What the form to invite somebody holds.
#[derive(Serialize)]
struct Sent<'a> {
    email: &'a str,
    role: &'a str,
}

impl<'a> StaffPage<'a> {
    async fn load(session: &StaffSession, sent: &'a Fields) -> Result<Self, Error> {
        let mut tx = session.app.db.read().await?;
        let mut accounts = Vec::new();
        for account in accounts::list(&mut tx).await? {
            accounts.push(Row {
                path: format!("/console/staff/{}", account.staff_id),
                role: account.role.as_str(),
                state: account.state(),
                seen_at: last_seen(&mut tx, &account).await?,
                two_factor: account.code_since.is_some(),
                is_me: account.staff_id == session.staff_id,
                email: account.email,
            });
        }
        let rules = role_rules::list(&mut tx).await?;
        let required = rules.iter().filter(|rule| rule.requires_code);
        Ok(Self {
            word: None,
            accounts,
            roles: roles(),
            required: required.map(|rule| rule.role.as_str()).collect(),
            sent: Sent { email: sent.one("email"), role: sent.one("role") },
            errors: vec![],
        })
    }
}

impl Page for StaffPage<'_> {
    const TEMPLATE: &'static str = "console/staff.html";

    fn samples() -> Vec<Self> {
        let me = Row {
            path: "/console/staff/ID".to_owned(),
            email: EmailAddress::sample(),
            role: Role::Admin.as_str(),
            state: "active",
            seen_at: Some(Timestamp::SAMPLE),
            two_factor: true,
            is_me: true,
        };
        let invited =
            Row { state: "invited", seen_at: None, two_factor: false, is_me: false, ..me.clone() };
        let page = |errors| Self {
            word: Some("The invitation is on its way."),
            accounts: vec![me.clone(), invited.clone()],
            roles: roles(),
            required: vec![Role::Admin.as_str()],
            sent: Sent { email: "bob@example.org", role: Role::Viewer.as_str() },
            errors,
        };
        vec![page(vec![]), page(vec![fault("email", "Do this instead")])]
    }
}

async fn send_invitation(
    session: StaffSession,
    request_id: RequestId,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (email, role) = match read(&fields) {
        Ok(read) => read,
        Err(errors) => return refused(&session, &fields, errors).await,
    };
    let act = session.act_for(request_id);
    let invited = session.app.db.run(|tx| Box::pin(invite(tx, &act, &email, role))).await?;
    if invited.is_none() {
        let errors = vec![fault("email", "This address has an account already: it is in the list")];
        return refused(&session, &fields, errors).await;
    }
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
    session: &StaffSession,
    fields: &Fields,
    errors: Faults,
) -> Result<Response, Error> {
    let page = StaffPage::load(session, fields).await?;
    session.refuse(&StaffPage { errors, ..page })
}

async fn set_rules(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let roles: Vec<Role> =
        fields.all("required").iter().filter_map(|role| role.parse().ok()).collect();
    let act = session.act();
    session.app.db.run(|tx| Box::pin(require_codes(tx, &act, &roles))).await?;
    Ok(Redirect::to("/console/staff?word=rules").into_response())
}
