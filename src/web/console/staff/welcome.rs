//! `/console/welcome/{token}`: the first account of all, from the link that `serve` prints, and the first
//! password of who was invited.

use axum::extract::Path;
use axum::http::StatusCode;
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
use crate::web::console::staff::choose_password::{self, choose, find, used};
use crate::web::console::staff::sign_in;
use crate::web::http::fields::Fields;
use crate::web::visitor::Visitor;
use crate::web::{Error, origin};

pub(in crate::web::console) async fn ask(
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let link = find(&visitor, &token).await?;
    match link.kind {
        StaffLinkKind::First => {
            let page = WelcomePage { token: &token, email: "", errors: vec![] };
            visitor.answer(&page, StatusCode::OK)
        }
        StaffLinkKind::Invitation => choose_password::ask(&visitor, &token, &link).await,
        StaffLinkKind::Reset => Err(Error::NotFound),
    }
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
    visitor: Visitor,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&visitor.app, &visitor.headers)?;
    let link = find(&visitor, &token).await?;
    match link.kind {
        StaffLinkKind::First => open_first(&visitor, &token, &link, &fields).await,
        StaffLinkKind::Invitation => choose_password::set(&visitor, &token, &link, &fields).await,
        StaffLinkKind::Reset => Err(Error::NotFound),
    }
}

async fn open_first(
    visitor: &Visitor,
    token: &str,
    link: &StaffLink,
    fields: &Fields,
) -> Result<Response, Error> {
    let app = &visitor.app;
    let typed = fields.one("email").trim();
    let refused = |wrong| {
        let page = WelcomePage { token, email: typed, errors: vec![wrong] };
        visitor.show_with(&page, &page.errors)
    };
    let Ok(email) = EmailAddress::parse(typed) else {
        return refused(fault("email", "Enter your email address"));
    };
    let hash = match choose(app, fields, &email).await? {
        Ok(hash) => hash,
        Err(words) => return refused(fault("password", words)),
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
    sign_in::enter(visitor, &account).await
}
