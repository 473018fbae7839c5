//! `/console/forgot` and `/console/reset/{token}`: a new password for who lost theirs. The first gives the
//! same answer for every address.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::StaffLinkKind;
use crate::flows::signup::lost_links::ask_for_link;
use crate::store::signup::link_requests::WantedLink;
use crate::store::staff::links::StaffLink;
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff::choose_password::{self, find};
use crate::web::http::fields::Fields;
use crate::web::visitor::Visitor;
use crate::web::{Error, origin};

pub(in crate::web::console) async fn forgot(
    visitor: Visitor,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = (asked.one("word") == "sent").then_some(
        "If that address has an account, a message with a link is on its way to it. The link works for an hour.",
    );
    visitor.answer(&ForgotPage { word, email: "", errors: vec![] }, StatusCode::OK)
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
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Error> {
    let Visitor { app, ip, headers, request_id, .. } = &visitor;
    origin::check_console(app, headers)?;
    app.network_limits.passwords.check(*ip)?;
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
            let page = ForgotPage { word: None, email: typed, errors: vec![fault("email", words)] };
            return visitor.show_with(&page, &page.errors);
        }
    };
    let (at, wanted) = (app.moment_of(request_id.clone()), WantedLink::Password);
    app.db.run(|tx| Box::pin(ask_for_link(tx, app.settings.at(&at), wanted, &email))).await?;
    // The worker is not rung: mail that leaves at once would slow whoever asks next, and tell them.
    Ok(Redirect::to("/console/forgot?word=sent").into_response())
}

/// The link, if it is one to a new password.
async fn link(visitor: &Visitor, token: &str) -> Result<StaffLink, Error> {
    let link = find(visitor, token).await?;
    if link.kind == StaffLinkKind::Reset { Ok(link) } else { Err(Error::NotFound) }
}

pub(in crate::web::console) async fn ask(
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let link = link(&visitor, &token).await?;
    choose_password::ask(&visitor, &token, &link).await
}

pub(in crate::web::console) async fn set(
    visitor: Visitor,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&visitor.app, &visitor.headers)?;
    let link = link(&visitor, &token).await?;
    choose_password::set(&visitor, &token, &link, &fields).await
}
