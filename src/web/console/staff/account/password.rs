//! One's own password, changed by who knows it.

use axum::response::Response;

use crate::domain::staff::right::Right;
use crate::flows::staff::set_password::change_own;
use crate::store::staff::members::Staff;
use crate::web::Error;
use crate::web::console::request_fields::Form;
use crate::web::console::route::Route;
use crate::web::console::staff::account::page::refused;
use crate::web::console::staff::account::proof::prove;
use crate::web::console::staff::choose_password::choose;
use crate::web::console::staff::new_session::begin;
use crate::web::console::staff_session::StaffSession;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/console/account/password", Right::OwnAccount, change)]
}

/// Ends every session, and begins this browser's anew.
async fn change(
    session: StaffSession,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let account = match prove(&session, &visitor, fields.text("present")).await? {
        Ok(account) => account,
        Err(words) => return refused(&session, "present", &words).await,
    };
    let hash = match choose(app, &fields, &account.email).await? {
        Ok(hash) => hash,
        Err(words) => return refused(&session, "password", &words).await,
    };
    let at = app.moment();
    if !app.db.run(|tx| Box::pin(change_own(tx, &at, &account, &hash))).await? {
        let words = "Your password was changed meanwhile: enter the new one";
        return refused(&session, "present", words).await;
    }
    let account = Staff { password_hash: Some(hash), ..account };
    begin(&visitor, &account, "/console/account?word=password").await
}
