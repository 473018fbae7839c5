//! `/console/account`: one's own password, sessions and two-factor.

pub(in crate::web::console) mod page;
mod password;
mod proof;
pub(in crate::web::console) mod two_factor;

use axum::extract::Path;
use axum::response::Response;

use crate::domain::staff::right::Right;
use crate::flows::staff::sign_in::{end_other_sessions, end_session};
use crate::web::Error;
use crate::web::console::request_fields::Asked;
use crate::web::console::route::Route;
use crate::web::console::staff::account::page::{AccountPage, back};
use crate::web::console::staff_session::StaffSession;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let own = Right::OwnAccount;
    let mut routes = vec![
        Route::get("/console/account", own, show),
        Route::post("/console/account/sessions/end-others", own, end_others),
        Route::post("/console/account/sessions/{id}/end", own, end_one),
    ];
    routes.extend(password::routes());
    routes.extend(two_factor::routes());
    routes
}

async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "password" => Some("Your password is changed, and your other sessions are ended."),
        "ended" => Some("The session is ended."),
        "others-ended" => Some("Your other sessions are ended."),
        "two-factor-off" => Some("Two-factor is off."),
        "two-factor-first" => {
            Some("Your role must use two-factor. Set it up below to go on to the other pages.")
        }
        _ => None,
    };
    let mut page = AccountPage::find(&session).await?;
    page.word = word;
    session.show(&page)
}

async fn end_one(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let app = &session.app;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let at = app.moment();
    let ended = app.db.run(|tx| Box::pin(end_session(tx, &at, session.staff_id, id))).await?;
    if ended { Ok(back("ended")) } else { Err(Error::NotFound) }
}

async fn end_others(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let (at, own) = (app.moment(), session.session_id);
    app.db.run(|tx| Box::pin(end_other_sessions(tx, &at, session.staff_id, own))).await?;
    Ok(back("others-ended"))
}
