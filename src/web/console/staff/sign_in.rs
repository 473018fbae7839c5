//! `/console/sign-in` and `/console/sign-out`. Where two-factor is on, the code is asked for in a second
//! step at the same address.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::password::PasswordHash;
use crate::flows;
use crate::flows::staff::sign_in::{count_try, record_refusal, renew_hash, sign_out};
use crate::store::staff::members::{self, Staff};
use crate::web::console::request_fields::Asked;
use crate::web::console::staff::new_session::begin;
use crate::web::console::staff::sign_in_page::{page, too_many};
use crate::web::console::staff::{known, second_step, session};
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::visitor::Visitor;
use crate::web::{App, Error, origin};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// What is said whatever was wrong: nobody learns which accounts there are.
const WRONG: &str = "The address or the password is not right";

pub(in crate::web::console) async fn ask(
    visitor: Visitor,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    if session::find(&visitor.app, &visitor.headers).await?.is_some() {
        return Ok(Redirect::to("/console").into_response());
    }
    if asked.one("again").is_empty() && second_step::waiting(&visitor).await?.is_some() {
        return second_step::page(&visitor, None);
    }
    page(&visitor, "", None)
}

/// Looks at address and password. A try is counted, and the count committed, before that.
pub(in crate::web::console) async fn try_password(
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Error> {
    let app = &visitor.app;
    origin::check_console(app, &visitor.headers)?;
    if !fields.all("code").is_empty() {
        return second_step::try_code(&visitor, fields.one("code")).await;
    }
    let (typed, password) = (fields.one("email").trim(), fields.text("password"));
    let refused = |words| page(&visitor, typed, Some(words));
    let Ok(email) = EmailAddress::parse(typed) else {
        return refused("Enter the address of your account");
    };
    if password.is_empty() {
        return refused("Enter your password");
    }
    let turn = app.hash_permits.count().await?;
    let at = app.moment();
    let counted = app.db.run(|tx| {
        Box::pin(async {
            let account = members::find_by_email(tx, &email).await?;
            let staff_id = account.as_ref().map(|account| account.staff_id);
            let caller = known::caller(&visitor, &email, staff_id);
            let wait = count_try(tx, &at, &app.settings, &caller).await?;
            Ok::<_, flows::Error>((account, wait))
        })
    });
    let (account, wait) = counted.await?;
    drop(turn);
    if let Some(wait) = wait {
        return too_many(&visitor, typed, wait);
    }
    let account = account.filter(|account| account.disabled_at.is_none());
    let kept = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = app.hash_permits.is_right(kept, password.to_owned()).await?;
    let Some(account) = account.filter(|_| right) else {
        return wrong(&visitor, &email, typed).await;
    };
    let account = renew_outdated(app, account, password).await?;
    enter(&visitor, &account).await
}

/// Lets in whoever proved to know the password of this account: to the second step first, where two-factor
/// is on.
pub(in crate::web::console) async fn enter(
    visitor: &Visitor,
    account: &Staff,
) -> Result<Response, Error> {
    if account.code_since.is_some() {
        return second_step::lead(&visitor.app, account).await;
    }
    begin(visitor, account, "/console").await
}

async fn wrong(visitor: &Visitor, email: &EmailAddress, typed: &str) -> Result<Response, Error> {
    let at = visitor.app.moment();
    let recorded = visitor.app.db.run(|tx| {
        Box::pin(async {
            let account = members::find_by_email(tx, email).await?;
            let staff_id = account.map(|account| account.staff_id);
            record_refusal(tx, &at, staff_id, "password").await
        })
    });
    recorded.await?;
    page(visitor, typed, Some(WRONG))
}

/// Hashes a password anew that was kept under weaker parameters than today's; gives the account as it is
/// kept now.
async fn renew_outdated(app: &App, account: Staff, password: &str) -> Result<Staff, Error> {
    let Some(before) = account.password_hash.clone().filter(PasswordHash::is_outdated) else {
        return Ok(account);
    };
    let (typed, salt) = (password.to_owned(), app.moment().new_password_salt());
    let hash =
        app.hash_permits.take(move |memory| PasswordHash::renewed(&typed, &salt, memory)).await??;
    let staff_id = account.staff_id;
    let renewed = app.db.run(|tx| Box::pin(renew_hash(tx, staff_id, &before, &hash))).await?;
    let password_hash = if renewed { Some(hash) } else { Some(before) };
    Ok(Staff { password_hash, ..account })
}

pub(in crate::web::console) async fn leave(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let (at, session_id) = (app.moment(), session.session_id);
    app.db.run(|tx| Box::pin(sign_out(tx, &at, session.staff_id, session_id))).await?;
    // Nothing of the pages that were seen stays behind. Cookies do, but for the session's: the one that this browser is
    // known by counts tries apart from those of strangers.
    let left = [
        (header::SET_COOKIE, session::gone(app)?),
        (CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\"")),
    ];
    Ok((left, Redirect::to("/console/sign-in")).into_response())
}
