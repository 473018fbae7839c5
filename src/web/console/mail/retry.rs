//! Sending parked mail again: one, or all that were parked for one reason.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::timestamp::Timestamp;
use crate::flows::mail::retry_mail::{retry_all, retry_one};
use crate::store::mail::mails;
use crate::templates::page::Page;
use crate::web::address::key;
use crate::web::console::form::{fault, is_sure};
use crate::web::console::mail::labels::PATH;
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;
use crate::web::{App, Error};

pub(super) async fn one(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let id = key(&id)?;
    let act = session.act();
    let queued = session.app.db.run(|tx| Box::pin(retry_one(tx, &act, id))).await?;
    let word = if queued { "again" } else { "settled" };
    Ok(Redirect::to(&format!("{PATH}/{id}?word={word}")).into_response())
}

/// Says how many there are, and asks.
pub(super) async fn ask(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    session.show(&question(&session.app, asked.one("reason"), vec![]).await?)
}

/// Sends those again that were counted, if the box is ticked.
pub(super) async fn all(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let reason = fields.one("reason");
    let by = fields.one("by").parse().ok().map(Timestamp::from_micros);
    let Some(by) = by.filter(|_| is_sure(&fields)) else {
        let errors = vec![fault("sure", "Tick the box if they are to be sent again")];
        return session.refuse(&question(app, reason, errors).await?);
    };
    let act = session.act();
    let count = app.db.run(|tx| Box::pin(retry_all(tx, &act, reason, by))).await?;
    Ok(Redirect::to(&format!("{PATH}?word=again&count={count}")).into_response())
}

async fn question<'a>(
    app: &App,
    reason: &'a str,
    errors: Vec<FieldError>,
) -> Result<MailRetryPage<'a>, Error> {
    let by = app.clock.now();
    let count = mails::count_parked_for(&mut app.db.read().await?, reason, by).await?;
    Ok(MailRetryPage { reason, count, by: by.micros().to_string(), errors })
}

/// `console/mail_retry.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct MailRetryPage<'a> {
    reason: &'a str,
    count: i64,
    /// The moment of counting: what is parked later is not sent.
    by: String,
    errors: Vec<FieldError>,
}

impl Page for MailRetryPage<'_> {
    const TEMPLATE: &'static str = "console/mail_retry.html";

    fn samples() -> Vec<Self> {
        let many = MailRetryPage {
            reason: "refused: the relay said 554 5.7.1 to the recipient",
            count: 312,
            by: "1763884800000000".to_owned(),
            errors: vec![],
        };
        let errors = vec![fault("sure", "Tick the box if they are to be sent again")];
        let none = MailRetryPage { reason: "", count: 0, ..many.clone() };
        vec![many.clone(), MailRetryPage { count: 1, errors, ..many }, none]
    }
}
