//! The second step of signing in: a code, asked of who proved to know the password. Between the two a signed
//! cookie says so; it ends after five minutes, and with the password.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde_json::json;
use uuid::Uuid;

use super::desk::{fault, show};
use super::sign_in::{self, begin, seconds, wait_words};
use crate::domain::email_address::EmailAddress;
use crate::domain::link::LinkKind;
use crate::domain::notice::sha256;
use crate::domain::timestamp::Timestamp;
use crate::flows::sign_in::{count_try, record_refusal};
use crate::flows::use_two_factor::accept;
use crate::store::staff::{self, Staff};
use crate::web::{App, Error, cookie};

const PAGE: &str = "console/second_step.html";
const COOKIE: &str = "second_step";
/// How long a code may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// Leads who proved to know the password of an account to the page that asks for its code.
pub(super) fn lead(app: &App, account: &Staff) -> Result<Response, Error> {
    let until = app.clock.now().plus(PATIENCE).micros().to_be_bytes();
    let bound = bound(account).ok_or(Error::Internal)?;
    let bytes = [&account.staff_id.as_bytes()[..], &until, &bound].concat();
    let sealed = app.links.secrets.seal(LinkKind::SecondStep, &bytes);
    let cookie = cookie::keep(app, COOKIE, &sealed, PATIENCE).ok_or(Error::Internal)?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console/sign-in")).into_response())
}

/// Who proved to know their password a moment ago, in this browser.
pub(super) async fn waiting(app: &App, headers: &HeaderMap) -> Result<Option<Staff>, Error> {
    let Some((staff_id, bound_to)) = read(app, headers) else { return Ok(None) };
    let account = staff::find(&mut app.db.read().await?, staff_id).await?;
    Ok(account.filter(|account| {
        account.disabled_at.is_none()
            && account.code_since.is_some()
            && bound(account).is_some_and(|bound| bound == bound_to)
    }))
}

fn read(app: &App, headers: &HeaderMap) -> Option<(Uuid, [u8; 32])> {
    let sealed = cookie::sent(app, headers, COOKIE)?;
    let bytes: [u8; 56] =
        app.links.secrets.unseal(LinkKind::SecondStep, sealed)?.try_into().ok()?;
    let (staff_id, rest) = bytes.split_first_chunk::<16>()?;
    let (until, bound_to) = rest.split_first_chunk::<8>()?;
    let until = Timestamp::from_micros(i64::from_be_bytes(*until));
    let young = until > app.clock.now();
    young.then_some((Uuid::from_bytes(*staff_id), bound_to.try_into().ok()?))
}

/// What ends with the password.
fn bound(account: &Staff) -> Option<[u8; 32]> {
    account.password_hash.as_ref().map(|hash| sha256(hash.as_str().as_bytes()))
}

pub(super) fn page(app: &App, error: Option<&str>, status: StatusCode) -> Result<Response, Error> {
    let errors: Vec<_> = error.iter().map(|words| fault("code", words)).collect();
    show(app, None, PAGE, json!({"errors": errors}), status)
}

/// Looks at the code. A try is counted, and the count committed, before that.
pub(super) async fn try_code(
    app: &App,
    headers: &HeaderMap,
    ip: IpAddr,
    typed: &str,
) -> Result<Response, Error> {
    let Some(account) = waiting(app, headers).await? else {
        let words = "That took longer than five minutes: enter your address and password again";
        return sign_in::page(app, "", Some(words), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let refused = |words| page(app, Some(words), StatusCode::UNPROCESSABLE_ENTITY);
    if typed.trim().is_empty() {
        return refused("Enter the code");
    }
    let email = EmailAddress::parse(&account.email).map_err(|_| Error::Internal)?;
    let mut tx = app.db.write().await?;
    let wait = count_try(&mut tx, &app.moment(), &app.terms, &email, ip).await?;
    tx.commit().await?;
    if let Some(wait) = wait {
        let page = page(app, Some(&wait_words(wait)), StatusCode::TOO_MANY_REQUESTS)?;
        return Ok(([(header::RETRY_AFTER, seconds(wait).to_string())], page).into_response());
    }
    let mut tx = app.db.write().await?;
    let right = accept(&mut tx, &app.moment(), &app.terms, &account, typed).await?;
    if !right {
        record_refusal(&mut tx, &app.moment(), Some(account.staff_id), "code").await?;
    }
    tx.commit().await?;
    if !right {
        return refused(
            "That is not the code: enter the one shown now, or a recovery code that was not used yet",
        );
    }
    let session = begin(app, headers, &account, ip).await?;
    let over = cookie::keep(app, COOKIE, "", Duration::ZERO).ok_or(Error::Internal)?;
    let cookies = AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, over)]);
    Ok((cookies, Redirect::to("/console")).into_response())
}
