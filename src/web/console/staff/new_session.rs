//! A session begins in a browser.

use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};

use crate::flows::staff::sign_in::{NewSession, begin_session};
use crate::store::staff::members::Staff;
use crate::web::Error;
use crate::web::console::staff::sign_in_page::page;
use crate::web::console::staff::{known, session};
use crate::web::visitor::Visitor;

/// What is said where the account is not what it was when its owner proved to be that.
pub(super) const CHANGED: &str = "Your account was changed a moment ago: sign in again";

/// Begins a session under a fresh token in a browser that is known from now on, and leads on. Where the account
/// changed between the proof and now, both are asked for again.
pub(super) async fn begin(visitor: &Visitor, account: &Staff, to: &str) -> Result<Response, Error> {
    let app = &visitor.app;
    let at = app.moment();
    let caller = known::caller(visitor, &account.email, Some(account.staff_id));
    let (token, browser) = (at.new_token(), session::browser(&visitor.headers));
    let new = NewSession { proved: account, token: &token, browser: &browser };
    if !app.db.run(|tx| Box::pin(begin_session(tx, app.settings.at(&at), &caller, &new))).await? {
        return page(visitor, account.email.as_str(), Some(CHANGED));
    }
    let session = session::header(app, &token)?;
    let known = known::header(app, &at, account.staff_id)?;
    let cookies = AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, known)]);
    Ok((cookies, Redirect::to(to)).into_response())
}
