//! `/console/welcome/{token}`: the first account of all, from the link that `serve` prints, and the first
//! password of who was invited.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::StaffLinkKind;
use crate::flows::staff::add_staff::{FirstAccount, open_first_account};
use crate::store::staff::links::StaffLink;
use crate::store::staff::members;
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::frame::answer;
use crate::web::console::staff::choose_password::{self, choose, find, used};
use crate::web::console::staff::network::Network;
use crate::web::console::staff::sign_in;
use crate::web::http::fields::Fields;
use crate::web::{App, Error, origin};

pub(in crate::web::console) async fn ask(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    Network(ip): Network,
) -> Result<Response, Error> {
    let link = find(&app, ip, &token).await?;
    match link.kind {
        StaffLinkKind::First => page(&app, &token, "", None, StatusCode::OK),
        StaffLinkKind::Invitation => choose_password::ask(&app, &token, &link).await,
        StaffLinkKind::Reset => Err(Error::NotFound),
    }
}

fn page(
    app: &App,
    token: &str,
    email: &str,
    error: Option<(&'static str, String)>,
    status: StatusCode,
) -> Result<Response, Error> {
    let errors = error.into_iter().map(|(field, words)| fault(field, words)).collect();
    answer(app, None, &WelcomePage { token, email, errors }, status)
}

/// `console/welcome.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct WelcomePage<'a> {
    token: &'a str,
    email: &'a str,
    errors: Faults,
}

impl Page for WelcomePage<'_> {
    const TEMPLATE: &'static str = "console/welcome.html";

    fn samples() -> Vec<Self> {
        let errors = vec![fault("email", "Do this instead")];
        vec![
            Self { token: "TOKEN", email: "", errors: vec![] },
            Self { token: "TOKEN", email: "ada@example.org", errors },
        ]
    }
}

pub(in crate::web::console) async fn open(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    Network(ip): Network,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&app, &headers)?;
    let link = find(&app, ip, &token).await?;
    match link.kind {
        StaffLinkKind::First => open_first(&app, (&token, &link), (&headers, ip), &fields).await,
        StaffLinkKind::Invitation => {
            choose_password::set(&app, (&token, &link), (&headers, ip), &fields).await
        }
        StaffLinkKind::Reset => Err(Error::NotFound),
    }
}

async fn open_first(
    app: &App,
    (token, link): (&str, &StaffLink),
    (headers, ip): (&HeaderMap, IpAddr),
    fields: &Fields,
) -> Result<Response, Error> {
    let typed = fields.one("email").trim();
    let refused = |field, words| {
        page(app, token, typed, Some((field, words)), StatusCode::UNPROCESSABLE_ENTITY)
    };
    let Ok(email) = EmailAddress::parse(typed) else {
        return refused("email", "Enter your email address".to_owned());
    };
    let hash = match choose(app, fields, &email).await? {
        Ok(hash) => hash,
        Err(words) => return refused("password", words),
    };
    let staff_link_id = link.staff_link_id;
    let first = FirstAccount { staff_link_id, email: &email, password_hash: &hash };
    let at = app.moment();
    let opened = app.db.run(|tx| {
        Box::pin(async {
            let opened = open_first_account(tx, &at, first).await?;
            let staff_id = opened.ok_or_else(used)?;
            members::find(tx, staff_id).await?.ok_or_else(used)
        })
    });
    let account = opened.await?;
    sign_in::enter(app, headers, &account, ip).await
}
