//! What staff do with one request, besides writing letters.

use axum::extract::Path;
use axum::response::Response;

use super::naming::back;
use super::one::page;
use crate::domain::contacts::privacy_request::RequestOutcome;
use crate::domain::contacts::request_text::RequestText;
use crate::flows::contacts::answer_request::{Answered, close_request, resume_request};
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::form::{Faults, fault, once};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;

/// The proof of who they are has come.
pub(super) async fn resume(
    session: StaffSession,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (app, id, act) = (&session.app, key(&id)?, session.act());
    let resumed = app.db.run(|tx| Box::pin(resume_request(tx, &act, &app.settings, id))).await?;
    match resumed {
        Answered::Done => Ok(back(id, "resumed")),
        Answered::Gone => Err(Error::NotFound),
        _ => Ok(back(id, "settled")),
    }
}

/// It ended.
pub(super) async fn close(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (app, id, act) = (&session.app, key(&id)?, session.act());
    let (outcome, note) = match read(&fields) {
        Ok(read) => read,
        Err(faults) => return session.refuse(&page(app, id, (&fields, faults)).await?),
    };
    let closed = app.db.run(|tx| Box::pin(close_request(tx, &act, id, (outcome, &note)))).await?;
    let fault = match closed {
        Answered::Done => return Ok(back(id, "closed")),
        Answered::Gone => return Err(Error::NotFound),
        Answered::NotTold => fault(
            "outcome",
            "Tell them the outcome first, or note that you did by post or in another way",
        ),
        Answered::Otherwise => fault("outcome", "Choose how it ended"),
        _ => return Ok(back(id, "settled")),
    };
    session.refuse(&page(app, id, (&fields, vec![fault])).await?)
}

fn read(fields: &Fields) -> Result<(RequestOutcome, RequestText), Faults> {
    let mut faults = Faults::new();
    once(fields, &["outcome", "note"], &mut faults);
    let outcome: Option<RequestOutcome> = fields.one("outcome").parse().ok();
    if outcome.is_none() {
        faults.push(fault("outcome", "Choose how it ended"));
    }
    let note = match RequestText::parse(fields.text("note")) {
        Ok(None) => {
            faults.push(fault("note", "Write what was done: it is the proof"));
            None
        }
        Ok(note) => note,
        Err(error) => {
            faults.push(fault("note", error));
            None
        }
    };
    outcome.zip(note).filter(|_| faults.is_empty()).ok_or(faults)
}
