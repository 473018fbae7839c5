//! `/console/staff/{id}`: one account, and all that an admin can change about it.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use crate::domain::request_id::RequestId;
use crate::domain::staff::member::Role;
use crate::domain::staff::right::Right;
use crate::flows::staff::change_staff::{self, Changed, change_role, turn_code_off};
use crate::flows::staff::invite_staff::{cancel_invitation, invite_again};
use crate::flows::staff::set_password::send_reset;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::form::is_sure;
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff::members::account_page::StaffAccountPage;
use crate::web::console::staff_session::StaffSession;

pub(super) fn routes() -> Vec<Route> {
    let right = Right::ManageStaff;
    vec![
        Route::get("/console/staff/{id}", right, show),
        Route::post("/console/staff/{id}/role", right, set_role),
        Route::post("/console/staff/{id}/disable", right, |session, id, form| {
            take(Sure::Disable, session, id, form)
        }),
        Route::post("/console/staff/{id}/enable", right, enable),
        Route::post("/console/staff/{id}/reset", right, |session, request_id, id| {
            mail(Letter::Reset, session, request_id, id)
        }),
        Route::post("/console/staff/{id}/invite-again", right, |session, request_id, id| {
            mail(Letter::Invitation, session, request_id, id)
        }),
        Route::post("/console/staff/{id}/cancel", right, cancel),
        Route::post("/console/staff/{id}/two-factor-off", right, |session, id, form| {
            take(Sure::TwoFactorOff, session, id, form)
        }),
    ]
}

async fn show(
    session: StaffSession,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "role" => Some("The role is changed, and the sessions of this account are ended."),
        "disabled" => Some("The account is disabled, and its sessions are ended."),
        "enabled" => Some("The account is enabled: its password works again."),
        "reset" => Some("A link to a new password is on its way. It works for an hour."),
        "again" => Some("Another invitation is on its way. The one before works no more."),
        "two-factor" => Some("Two-factor is off, and the sessions of this account are ended."),
        "same" => Some("That was so already: nothing changed."),
        _ => None,
    };
    let mut page = StaffAccountPage::find(&session, key(&id)?).await?;
    page.word = word;
    session.show(&page)
}

fn back(staff_id: Uuid, word: &str) -> Response {
    Redirect::to(&format!("/console/staff/{staff_id}?word={word}")).into_response()
}

/// The answer to a change: back to the account, or to the sign-in for who changed their own.
async fn answer(
    session: &StaffSession,
    staff_id: Uuid,
    changed: Changed,
    (word, field): (&str, &'static str),
) -> Result<Response, Error> {
    match changed {
        Changed::Done => Ok(back(staff_id, word)),
        Changed::Same => Ok(back(staff_id, "same")),
        Changed::Unknown => Err(Error::NotFound),
        Changed::LastAdmin => {
            let words = "This is the last admin who can sign in: make another one first";
            refused(session, staff_id, (field, words)).await
        }
    }
}

/// The page again, with what is wrong with what was sent.
async fn refused(
    session: &StaffSession,
    staff_id: Uuid,
    error: (&'static str, &str),
) -> Result<Response, Error> {
    let page = StaffAccountPage::find(session, staff_id).await?;
    session.refuse(&page.with(error))
}

async fn set_role(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let Ok(role) = fields.one("role").parse::<Role>() else {
        let error = ("role", "Choose what the account may do");
        return refused(&session, staff_id, error).await;
    };
    let act = session.act();
    let changed = session.app.db.run(|tx| Box::pin(change_role(tx, &act, staff_id, role))).await?;
    answer(&session, staff_id, changed, ("role", "role")).await
}

/// What is done to an account once its box is ticked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sure {
    Disable,
    TwoFactorOff,
}

async fn take(
    what: Sure,
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let (word, field) = match what {
        Sure::Disable => ("disabled", "sure"),
        Sure::TwoFactorOff => ("two-factor", "sure-code"),
    };
    if !is_sure(&fields) {
        let error = (field, "Tick the box to say that you are sure");
        return refused(&session, staff_id, error).await;
    }
    if what == Sure::TwoFactorOff && staff_id == session.staff_id {
        let error = (field, "Turn your own two-factor off at your account, with your password");
        return refused(&session, staff_id, error).await;
    }
    let act = session.act();
    let changed = session.app.db.run(|tx| match what {
        Sure::Disable => Box::pin(change_staff::disable(tx, &act, staff_id)),
        Sure::TwoFactorOff => Box::pin(turn_code_off(tx, &act, staff_id)),
    });
    let changed = changed.await?;
    answer(&session, staff_id, changed, (word, field)).await
}

async fn enable(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let act = session.act();
    let changed =
        session.app.db.run(|tx| Box::pin(change_staff::enable(tx, &act, staff_id))).await?;
    answer(&session, staff_id, changed, ("enabled", "form")).await
}

/// What is mailed to an account.
#[derive(Clone, Copy)]
enum Letter {
    Reset,
    Invitation,
}

async fn mail(
    what: Letter,
    session: StaffSession,
    request_id: RequestId,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let staff_id = key(&id)?;
    let act = session.act_for(request_id);
    let sent = session.app.db.run(|tx| match what {
        Letter::Reset => Box::pin(send_reset(tx, &act, staff_id)),
        Letter::Invitation => Box::pin(invite_again(tx, &act, staff_id)),
    });
    let word = match what {
        Letter::Reset => "reset",
        Letter::Invitation => "again",
    };
    if sent.await? { Ok(back(staff_id, word)) } else { Err(Error::NotFound) }
}

async fn cancel(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let (act, staff_id) = (session.act(), key(&id)?);
    if !session.app.db.run(|tx| Box::pin(cancel_invitation(tx, &act, staff_id))).await? {
        return Err(Error::NotFound);
    }
    Ok(Redirect::to("/console/staff?word=cancelled").into_response())
}
