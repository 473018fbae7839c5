//! The page on which a member of staff chooses a password, from a link that works once.

use axum::response::Response;
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::link::LinkKind;
use crate::domain::staff::member::{Role, StaffLinkKind};
use crate::domain::staff::password::{Password, PasswordHash};
use crate::flows::staff::set_password::{FollowedLink, set_by_link};
use crate::store::staff::links::{self, StaffLink};
use crate::store::staff::members::{self, Staff};
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::staff::sign_in;
use crate::web::error::{FreshLink, Gone};
use crate::web::http::fields::Fields;
use crate::web::visitor::Visitor;
use crate::web::{App, Error};

/// The link of a token, while it works; one that is not ours is counted for its network.
pub(in crate::web::console) async fn find(
    visitor: &Visitor,
    token: &str,
) -> Result<StaffLink, Error> {
    let app = &visitor.app;
    let Some(link) = app.links.secrets.open(LinkKind::Staff, token) else {
        app.network_limits.bad_links.check(visitor.ip)?;
        return Err(Error::BrokenLink(FreshLink::AtConsole));
    };
    let link = links::find(&mut app.db.read().await?, link.id).await?;
    let link = link.ok_or_else(used)?;
    if link.works(app.clock.now()) { Ok(link) } else { Err(used()) }
}

/// What is said of a link that leads nowhere any more.
pub(in crate::web::console) fn used() -> Error {
    Gone {
        title: "This link does not work any more".to_owned(),
        message:
            "It works once and for a limited time. If you chose a password with it, sign in. If \
                  not, ask an admin of this console for another."
                .to_owned(),
        fresh: None,
        start_again: Some("/console/sign-in".to_owned()),
    }
    .into()
}

/// Whose password a link chooses.
async fn owner(app: &App, link: &StaffLink) -> Result<Staff, Error> {
    let staff_id = link.staff_id.ok_or(Error::NotFound)?;
    let account = members::find(&mut app.db.read().await?, staff_id).await?;
    account.filter(|account| account.disabled_at.is_none()).ok_or_else(used)
}

pub(in crate::web::console) async fn ask(
    visitor: &Visitor,
    token: &str,
    link: &StaffLink,
) -> Result<Response, Error> {
    let account = owner(&visitor.app, link).await?;
    let page = ChoosePasswordPage::new(token, link.kind, &account);
    visitor.show_with(&page, &page.errors)
}

/// `console/choose_password.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct ChoosePasswordPage<'a> {
    /// Where the form is sent.
    action: String,
    /// Whether it is the account's first.
    first: bool,
    email: &'a str,
    role: &'static str,
    errors: Faults,
}

impl<'a> ChoosePasswordPage<'a> {
    fn new(token: &str, kind: StaffLinkKind, account: &'a Staff) -> Self {
        let first = kind == StaffLinkKind::Invitation;
        let page = if first { "welcome" } else { "reset" };
        Self {
            action: format!("/console/{page}/{token}"),
            first,
            email: account.email.as_str(),
            role: account.role.as_str(),
            errors: vec![],
        }
    }
}

impl Page for ChoosePasswordPage<'_> {
    const TEMPLATE: &'static str = "console/choose_password.html";

    fn samples() -> Vec<Self> {
        let page = |first, errors| Self {
            action: "/console/reset/TOKEN".to_owned(),
            first,
            email: "ada@example.org",
            role: Role::Marketing.as_str(),
            errors,
        };
        vec![page(true, vec![]), page(false, vec![fault("password", "Do this instead")])]
    }
}

/// Keeps the password that was chosen, and signs in.
pub(in crate::web::console) async fn set(
    visitor: &Visitor,
    token: &str,
    link: &StaffLink,
    fields: &Fields,
) -> Result<Response, Error> {
    let app = &visitor.app;
    let account = owner(app, link).await?;
    let hash = match choose(app, fields, &account.email).await? {
        Ok(hash) => hash,
        Err(words) => {
            let mut page = ChoosePasswordPage::new(token, link.kind, &account);
            page.errors.push(fault("password", words));
            return visitor.show_with(&page, &page.errors);
        }
    };
    let (at, staff_id) = (app.moment(), account.staff_id);
    let followed = FollowedLink { staff_link_id: link.staff_link_id, staff_id };
    let set = app.db.run(|tx| {
        Box::pin(async {
            if !set_by_link(tx, &at, followed, &hash).await? {
                return Err(used());
            }
            members::find(tx, staff_id).await?.ok_or_else(used)
        })
    });
    let account = set.await?;
    sign_in::enter(visitor, &account).await
}

/// The hash of the password that a form chose, or why it was refused, in words for its field.
pub(in crate::web::console) async fn choose(
    app: &App,
    fields: &Fields,
    email: &EmailAddress,
) -> Result<Result<PasswordHash, String>, Error> {
    let typed = fields.text("password").to_owned();
    if typed.is_empty() {
        return Ok(Err("Choose a password".to_owned()));
    }
    let known = [email.as_str().to_owned(), app.site.name.clone()];
    let salt = app.moment().new_password_salt();
    let chosen = app.hash_permits.take(move |memory| {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let password = Password::parse(typed, &known).map_err(|error| error.to_string());
        password.map(|password| PasswordHash::new(&password, &salt, memory))
    });
    match chosen.await? {
        Ok(hash) => Ok(Ok(hash?)),
        Err(words) => Ok(Err(words)),
    }
}
