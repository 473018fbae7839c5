//! One's own two-factor: set up, renewed, turned off.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::qr_picture::Picture;
use crate::domain::staff::right::Right;
use crate::domain::staff::two_factor::RecoveryCode;
use crate::flows::staff::use_two_factor::{
    FirstCode, TurnedOff, begin, renew_recovery, secret_of, turn_off, turn_on,
};
use crate::store::staff::members::{self, Staff};
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::request_fields::Form;
use crate::web::console::route::Route;
use crate::web::console::staff::account::page::{back, refused};
use crate::web::console::staff::account::proof::prove;
use crate::web::console::staff_session::StaffSession;
use crate::web::visitor::Visitor;
use crate::web::{App, Error};

/// What is said where the password that was proved is not the account's any more, or two-factor was set anew.
const CHANGED: &str = "Your account was changed meanwhile: enter your current password again";

pub(super) fn routes() -> Vec<Route> {
    let own = Right::OwnAccount;
    vec![
        Route::get("/console/account/two-factor", own, show),
        Route::post("/console/account/two-factor", own, confirm),
        Route::post("/console/account/two-factor/begin", own, start),
        Route::post("/console/account/two-factor/recovery-codes", own, renew_codes),
        Route::post("/console/account/two-factor/off", own, end),
    ]
}

/// `console/two_factor.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct TwoFactorPage {
    secret: String,
    /// The secret as a picture, where it fits in one.
    picture: Option<Picture>,
    errors: Faults,
}

impl Page for TwoFactorPage {
    const TEMPLATE: &'static str = "console/two_factor.html";

    fn samples() -> Vec<Self> {
        let picture = Some(Picture { size: 29, path: "M4 4h1v1h-1z".to_owned() });
        let page = |picture, errors| Self { secret: "ABCD EFGH".to_owned(), picture, errors };
        vec![page(picture, vec![]), page(None, vec![fault("code", "Do this instead")])]
    }
}

/// `console/recovery_codes.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct RecoveryCodesPage {
    codes: Vec<String>,
}

impl Page for RecoveryCodesPage {
    const TEMPLATE: &'static str = "console/recovery_codes.html";

    fn samples() -> Vec<Self> {
        vec![Self { codes: vec!["ABCD-EFGH-IJKL-MNOP".to_owned()] }]
    }
}

async fn account(session: &StaffSession) -> Result<Staff, Error> {
    let account = members::find(&mut session.app.db.read().await?, session.staff_id).await?;
    account.ok_or(Error::NotFound)
}

/// What is shown to take the secret into an authenticator; `None` when there is nothing to set up.
fn set_up(app: &App, account: &Staff, error: Option<&str>) -> Option<TwoFactorPage> {
    let secret = secret_of(&app.settings, account).filter(|_| account.code_since.is_none())?;
    let picture = Picture::for_text(&secret.url(&app.site.name, account.email.as_str()));
    let errors = error.iter().map(|words| fault("code", words)).collect();
    Some(TwoFactorPage { secret: secret.text(), picture, errors })
}

async fn show(session: StaffSession) -> Result<Response, Error> {
    match set_up(&session.app, &account(&session).await?, None) {
        Some(page) => session.show(&page),
        None => Ok(Redirect::to("/console/account").into_response()),
    }
}

async fn start(
    session: StaffSession,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    if session.has_code {
        return Ok(Redirect::to("/console/account").into_response());
    }
    // Else a desk that stands open is enough to shut its owner out.
    if let Err(words) = prove(&session, &visitor, fields.text("present")).await? {
        return refused(&session, "present-on", &words).await;
    }
    let at = app.moment();
    app.db.run(|tx| Box::pin(begin(tx, &at, session.staff_id))).await?;
    Ok(Redirect::to("/console/account/two-factor").into_response())
}

async fn confirm(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let account = account(&session).await?;
    let (typed, session_id) = (fields.one("code"), session.session_id);
    let (at, first) = (app.moment(), FirstCode { account: &account, typed, session_id });
    let codes = app.db.run(|tx| Box::pin(turn_on(tx, app.settings.at(&at), first))).await?;
    if let Some(codes) = codes {
        return show_codes(&session, &codes);
    }
    let words = "That is not the code: enter the six digits that your authenticator shows now";
    match set_up(app, &account, Some(words)) {
        Some(page) => session.refuse(&page),
        None => Ok(Redirect::to("/console/account").into_response()),
    }
}

/// The page of fresh recovery codes: they are kept as hashes, so it is the only one that ever shows them.
fn show_codes(session: &StaffSession, codes: &[RecoveryCode]) -> Result<Response, Error> {
    session.show(&RecoveryCodesPage { codes: codes.iter().map(RecoveryCode::text).collect() })
}

async fn renew_codes(
    session: StaffSession,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let account = match prove(&session, &visitor, fields.text("present")).await? {
        Ok(account) => account,
        Err(words) => return refused(&session, "present-codes", &words).await,
    };
    if account.code_since.is_none() {
        return Ok(Redirect::to("/console/account").into_response());
    }
    let at = app.moment();
    let codes = app.db.run(|tx| Box::pin(renew_recovery(tx, &at, &account))).await?;
    let Some(codes) = codes else { return refused(&session, "present-codes", CHANGED).await };
    show_codes(&session, &codes)
}

async fn end(
    session: StaffSession,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let account = match prove(&session, &visitor, fields.text("present")).await? {
        Ok(account) => account,
        Err(words) => return refused(&session, "present-off", &words).await,
    };
    if account.code_since.is_none() {
        return Ok(Redirect::to("/console/account").into_response());
    }
    let at = app.moment();
    let off = app.db.run(|tx| Box::pin(turn_off(tx, &at, &account))).await?;
    let words = match off {
        TurnedOff::Done => return Ok(back("two-factor-off")),
        TurnedOff::Required => "Your role must use two-factor: it stays on",
        TurnedOff::Changed => CHANGED,
    };
    refused(&session, "present-off", words).await
}
