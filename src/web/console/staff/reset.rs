//! `/console/forgot` and `/console/reset/{token}`: a new password for who lost theirs. The first gives the
//! same answer for every address.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::request_id::RequestId;
use crate::domain::staff::member::StaffLinkKind;
use crate::flows::signup::lost_links::ask_for_link;
use crate::store::signup::link_requests::WantedLink;
use crate::store::staff::links::StaffLink;
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::frame::answer;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff::choose_password::{self, find};
use crate::web::console::staff::network::Network;
use crate::web::http::fields::Fields;
use crate::web::{App, Error, origin};

pub(in crate::web::console) async fn forgot(
    State(app): State<Arc<App>>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = (asked.one("word") == "sent").then_some(
        "If that address has an account, a message with a link is on its way to it. The link works for an hour.",
    );
    page(&app, word, "", None, StatusCode::OK)
}

fn page(
    app: &App,
    word: Option<&'static str>,
    email: &str,
    error: Option<&str>,
    status: StatusCode,
) -> Result<Response, Error> {
    let errors = error.iter().map(|words| fault("email", words)).collect();
    answer(app, None, &ForgotPage { word, email, errors }, status)
}

/// `console/forgot.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ForgotPage<'a> {
    word: Option<&'static str>,
    email: &'a str,
    errors: Faults,
}

impl Page for ForgotPage<'_> {
    const TEMPLATE: &'static str = "console/forgot.html";

    fn samples() -> Vec<Self> {
        let errors = vec![fault("email", "Do this instead")];
        vec![
            Self { word: None, email: "ada", errors },
            Self { word: Some("A message is on its way."), email: "", errors: vec![] },
        ]
    }
}

pub(in crate::web::console) async fn send(
    State(app): State<Arc<App>>,
    Network(ip): Network,
    request_id: RequestId,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&app, &headers)?;
    app.network_limits.passwords.check(ip)?;
    let typed = fields.one("email");
    let email = match EmailAddress::parse(typed) {
        Ok(email) => email,
        Err(error) => {
            let nothing = typed.trim().is_empty();
            let words = if nothing {
                "Enter the address of your account".to_owned()
            } else {
                error.to_string()
            };
            return page(&app, None, typed, Some(&words), StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let (at, wanted) = (app.moment_of(request_id), WantedLink::Password);
    app.db.run(|tx| Box::pin(ask_for_link(tx, app.settings.at(&at), wanted, &email))).await?;
    // The worker is not rung: mail that leaves at once would slow whoever asks next, and tell them.
    Ok(Redirect::to("/console/forgot?word=sent").into_response())
}

/// The link, if it is one to a new password.
async fn link(app: &App, ip: IpAddr, token: &str) -> Result<StaffLink, Error> {
    let link = find(app, ip, token).await?;
    if link.kind == StaffLinkKind::Reset { Ok(link) } else { Err(Error::NotFound) }
}

pub(in crate::web::console) async fn ask(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    Network(ip): Network,
) -> Result<Response, Error> {
    let link = link(&app, ip, &token).await?;
    choose_password::ask(&app, &token, &link).await
}

pub(in crate::web::console) async fn set(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    Network(ip): Network,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&app, &headers)?;
    let link = link(&app, ip, &token).await?;
    choose_password::set(&app, (&token, &link), (&headers, ip), &fields).await
}
