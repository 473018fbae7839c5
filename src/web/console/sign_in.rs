//! `/console/sign-in` and `/console/sign-out`. Where two-factor is on, the code is asked for in a second
//! step at the same address.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde_json::json;

use super::desk::{Asked, Desk, fault, show};
use super::network::Network;
use super::{known, second_step, session};
use crate::domain::email_address::EmailAddress;
use crate::domain::password::PasswordHash;
use crate::flows::sign_in::{
    NewSession, begin_session, count_try, record_refusal, renew_hash, sign_out,
};
use crate::store::staff::{self, Staff};
use crate::web::fields::Fields;
use crate::web::{App, Error, origin};

const PAGE: &str = "console/sign_in.html";
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// What is said where the account is not what it was when its owner proved to be that.
const CHANGED: &str = "Your account was changed a moment ago: sign in again";
/// What is said whatever was wrong: nobody learns which accounts there are.
const WRONG: &str = "The address or the password is not right";

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Asked(asked): Asked,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if session::find(&app, &headers).await?.is_some() {
        return Ok(Redirect::to("/console").into_response());
    }
    if asked.one("again").is_empty() && second_step::waiting(&app, &headers).await?.is_some() {
        return second_step::page(&app, None, StatusCode::OK);
    }
    page(&app, "", None, StatusCode::OK)
}

pub(super) fn page(
    app: &App,
    email: &str,
    error: Option<&str>,
    status: StatusCode,
) -> Result<Response, Error> {
    let errors: Vec<_> = error.iter().map(|words| fault("email", words)).collect();
    show(app, None, PAGE, json!({"email": email, "errors": errors}), status)
}

/// Looks at address and password. A try is counted, and the count committed, before that.
pub(super) async fn try_password(
    State(app): State<Arc<App>>,
    Network(ip): Network,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    origin::check_console(&app, &headers)?;
    if !fields.all("code").is_empty() {
        return second_step::try_code(&app, &headers, ip, fields.one("code")).await;
    }
    let (typed, password) = (fields.one("email").trim(), fields.text("password"));
    let refused = |words| page(&app, typed, Some(words), StatusCode::UNPROCESSABLE_ENTITY);
    let Ok(email) = EmailAddress::parse(typed) else {
        return refused("Enter the address of your account");
    };
    if password.is_empty() {
        return refused("Enter your password");
    }
    let turn = app.hash_turns.count().await?;
    let mut tx = app.db.write().await?;
    let account = staff::find_by_email(&mut tx, &email).await?;
    let staff_id = account.as_ref().map(|account| account.staff_id);
    let caller = known::caller(&app, &headers, (&email, ip), staff_id);
    let wait = count_try(&mut tx, &app.moment(), &app.terms, &caller).await?;
    tx.commit().await?;
    drop(turn);
    if let Some(wait) = wait {
        return too_many(&app, typed, wait);
    }
    let account = account.filter(|account| account.disabled_at.is_none());
    let kept = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = app.hash_turns.is_right(kept, password.to_owned()).await?;
    let Some(account) = account.filter(|_| right) else {
        return wrong(&app, &email, typed).await;
    };
    let account = renew_outdated(&app, account, password).await?;
    enter(&app, &headers, &account, ip).await
}

/// Lets in whoever proved to know the password of this account: to the second step first, where two-factor
/// is on.
pub(super) async fn enter(
    app: &App,
    headers: &HeaderMap,
    account: &Staff,
    ip: IpAddr,
) -> Result<Response, Error> {
    if account.code_since.is_some() {
        return second_step::lead(app, account).await;
    }
    begin(app, headers, account, ip, "/console").await
}

async fn wrong(app: &App, email: &EmailAddress, typed: &str) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    let account = staff::find_by_email(&mut tx, email).await?;
    let staff_id = account.map(|account| account.staff_id);
    record_refusal(&mut tx, &app.moment(), staff_id, "password").await?;
    tx.commit().await?;
    page(app, typed, Some(WRONG), StatusCode::UNPROCESSABLE_ENTITY)
}

fn too_many(app: &App, typed: &str, wait: Duration) -> Result<Response, Error> {
    let page = page(app, typed, Some(&wait_words(wait)), StatusCode::TOO_MANY_REQUESTS)?;
    Ok(([(header::RETRY_AFTER, seconds(wait).to_string())], page).into_response())
}

/// What is said to who tried too often.
pub(super) fn wait_words(wait: Duration) -> String {
    let seconds = seconds(wait);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Too many tries failed. Wait {seconds} {unit}, then try again")
}

/// A wait in whole seconds.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

/// Hashes a password anew that was kept under weaker parameters than today's; gives the account as it is
/// kept now.
async fn renew_outdated(app: &App, account: Staff, password: &str) -> Result<Staff, Error> {
    let Some(before) = account.password_hash.clone().filter(PasswordHash::is_outdated) else {
        return Ok(account);
    };
    let (typed, salt) = (password.to_owned(), app.moment().new_password_salt());
    let hash =
        app.hash_turns.take(move |memory| PasswordHash::renewed(&typed, &salt, memory)).await??;
    let mut tx = app.db.write().await?;
    let renewed = renew_hash(&mut tx, account.staff_id, &before, &hash).await?;
    tx.commit().await?;
    let password_hash = if renewed { Some(hash) } else { Some(before) };
    Ok(Staff { password_hash, ..account })
}

/// Begins a session under a fresh token in a browser that is known from now on, and leads on. Where the account
/// changed between the proof and now, both are asked for again.
pub(super) async fn begin(
    app: &App,
    headers: &HeaderMap,
    account: &Staff,
    ip: IpAddr,
    to: &str,
) -> Result<Response, Error> {
    let at = app.moment();
    let email = EmailAddress::parse(&account.email).map_err(|_| Error::Internal)?;
    let caller = known::caller(app, headers, (&email, ip), Some(account.staff_id));
    let (token, browser) = (at.new_token(), session::browser(headers));
    let new = NewSession { proved: account, token: &token, browser: &browser };
    let mut tx = app.db.write().await?;
    if !begin_session(&mut tx, &at, &app.terms, &caller, &new).await? {
        drop(tx);
        return page(app, &account.email, Some(CHANGED), StatusCode::UNPROCESSABLE_ENTITY);
    }
    tx.commit().await?;
    let session = session::header(app, &token)?;
    let known = known::header(app, &at, account.staff_id)?;
    let cookies = AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, known)]);
    Ok((cookies, Redirect::to(to)).into_response())
}

pub(super) async fn leave(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    sign_out(&mut tx, &app.moment(), desk.staff_id, desk.session_id).await?;
    tx.commit().await?;
    // Nothing of the pages that were seen stays behind. Cookies do, but for the session's: the one that this browser is
    // known by counts tries apart from those of strangers.
    let left = [
        (header::SET_COOKIE, session::gone(&app)?),
        (CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\"")),
    ];
    Ok((left, Redirect::to("/console/sign-in")).into_response())
}
