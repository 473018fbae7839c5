//! `/console/welcome/{token}`: the first account of all, from the link that `serve` prints.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use uuid::Uuid;

use super::desk::show;
use super::sign_in;
use crate::domain::email_address::EmailAddress;
use crate::domain::link::LinkKind;
use crate::domain::password::{Password, PasswordHash};
use crate::domain::staff::StaffLinkKind;
use crate::flows::add_staff::open_first_account;
use crate::store::staff_links::{self, StaffLink};
use crate::web::client_ip::client_ip;
use crate::web::error::Gone;
use crate::web::fields::Fields;
use crate::web::limits::neighbourhood;
use crate::web::{App, Error, origin};

const PAGE: &str = "console/welcome.html";

/// The link of a token, while it works.
pub(super) async fn find(app: &App, token: &str) -> Result<StaffLink, Error> {
    let link = app.links.secrets.open(LinkKind::Staff, token).ok_or(Error::NotFound)?;
    let link = staff_links::find(&mut app.db.read().await?, link.id).await?;
    let link = link.ok_or(Error::NotFound)?;
    if link.works(app.clock.now()) { Ok(link) } else { Err(used()) }
}

fn used() -> Error {
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

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    find(&app, &token).await?;
    page(&app, &token, "", None, StatusCode::OK)
}

fn page(
    app: &App,
    token: &str,
    email: &str,
    error: Option<(&str, String)>,
    status: StatusCode,
) -> Result<Response, Error> {
    let errors: Vec<_> =
        error.into_iter().map(|(field, words)| json!({"field": field, "message": words})).collect();
    show(app, None, PAGE, json!({"token": token, "email": email, "errors": errors}), status)
}

pub(super) async fn open(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&app, &headers)?;
    let link = find(&app, &token).await?;
    let typed = fields.one("email").trim();
    let refused = |field, words| {
        page(&app, &token, typed, Some((field, words)), StatusCode::UNPROCESSABLE_ENTITY)
    };
    let Ok(email) = EmailAddress::parse(typed) else {
        return refused("email", "Enter your email address".to_owned());
    };
    let hash = match choose(&app, &fields, &email).await? {
        Ok(hash) => hash,
        Err(words) => return refused("password", words),
    };
    let staff_id = open_account(&app, &link, &email, &hash).await?.ok_or_else(used)?;
    let ip = neighbourhood(client_ip(peer.ip(), &headers, &app.trusted_proxies));
    let session = sign_in::begin(&app, &headers, staff_id, &email, ip).await?;
    Ok(([(header::SET_COOKIE, session)], Redirect::to("/console")).into_response())
}

async fn open_account(
    app: &App,
    link: &StaffLink,
    email: &EmailAddress,
    hash: &PasswordHash,
) -> Result<Option<Uuid>, Error> {
    if link.kind != StaffLinkKind::First {
        return Ok(None);
    }
    let mut tx = app.db.write().await?;
    let opened =
        open_first_account(&mut tx, &app.moment(), link.staff_link_id, email, hash).await?;
    tx.commit().await?;
    Ok(opened)
}

/// The hash of the password that a form chose, or why it was refused, in words for its field.
pub(super) async fn choose(
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
    let chosen = app.hash_turns.take(move || {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let password = Password::parse(typed, &known).map_err(|error| error.to_string());
        password.map(|password| PasswordHash::of(&password, &salt))
    });
    match chosen.await? {
        Ok(hash) => Ok(Ok(hash?)),
        Err(words) => Ok(Err(upper_first(&words))),
    }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
