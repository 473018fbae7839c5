//! The second step of signing in: a code, asked of who proved to know the password. Between the two a signed
//! cookie says so. It ends after five minutes, with the password, with two-factor, and with the first code that
//! is accepted.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::signup::link::LinkKind;
use crate::domain::timestamp::Timestamp;
use crate::flows;
use crate::flows::staff::sign_in::{count_code_try, record_refusal};
use crate::flows::staff::use_two_factor::{Accepted, SecondStep, accept};
use crate::store::staff::members::{self, Staff};
use crate::templates::page::Page;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::staff::known;
use crate::web::console::staff::new_session::begin;
use crate::web::console::staff::sign_in_page::{self, later, wait_words};
use crate::web::visitor::Visitor;
use crate::web::{App, Error, cookie};

const COOKIE: &str = "second_step";
const OVER: &str = "This step is over: it lasts five minutes, and for one code. Enter your address and \
                    password again";
const WRONG: &str =
    "That is not the code: enter the one shown now, or a recovery code that was not used yet";
/// How long a code may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// Leads who proved to know the password of an account to the page that asks for its code.
pub(in crate::web::console) async fn lead(app: &App, account: &Staff) -> Result<Response, Error> {
    let until = app.clock.now().plus(PATIENCE).micros().to_be_bytes();
    let step =
        SecondStep::find(&mut app.db.read().await?, account).await?.ok_or(Error::Internal)?;
    let bytes = [&step.staff_id.as_bytes()[..], &until, &step.bound_to].concat();
    let sealed = app.links.secrets.seal(LinkKind::SecondStep, &bytes);
    let cookie = cookie::keep(app, COOKIE, &sealed, PATIENCE)?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console/sign-in")).into_response())
}

/// Who proved to know their password a moment ago, in this browser, and their step.
pub(in crate::web::console) async fn waiting(
    visitor: &Visitor,
) -> Result<Option<(Staff, SecondStep)>, Error> {
    let Some(step) = read(&visitor.app, &visitor.headers) else { return Ok(None) };
    let mut tx = visitor.app.db.read().await?;
    let Some(account) = members::find(&mut tx, step.staff_id).await? else { return Ok(None) };
    let stands = SecondStep::find(&mut tx, &account).await? == Some(step);
    Ok(stands.then_some((account, step)))
}

fn read(app: &App, headers: &HeaderMap) -> Option<SecondStep> {
    let sealed = cookie::sent(app, headers, COOKIE)?;
    let bytes: [u8; 56] =
        app.links.secrets.unseal(LinkKind::SecondStep, sealed)?.try_into().ok()?;
    let (staff_id, rest) = bytes.split_first_chunk::<16>()?;
    let (until, bound_to) = rest.split_first_chunk::<8>()?;
    let until = Timestamp::from_micros(i64::from_be_bytes(*until));
    let young = until > app.clock.now();
    let step =
        SecondStep { staff_id: Uuid::from_bytes(*staff_id), bound_to: bound_to.try_into().ok()? };
    young.then_some(step)
}

pub(in crate::web::console) fn page(
    visitor: &Visitor,
    error: Option<&str>,
) -> Result<Response, Error> {
    let page = SecondStepPage::new(error);
    visitor.show_with(&page, &page.errors)
}

/// `console/second_step.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct SecondStepPage {
    errors: Faults,
}

impl SecondStepPage {
    fn new(error: Option<&str>) -> Self {
        Self { errors: error.iter().map(|words| fault("code", words)).collect() }
    }
}

impl Page for SecondStepPage {
    const TEMPLATE: &'static str = "console/second_step.html";

    fn samples() -> Vec<Self> {
        vec![Self { errors: vec![] }, Self { errors: vec![fault("code", "Do this instead")] }]
    }
}

/// Looks at the code. A try is counted, and the count committed, before that.
pub(in crate::web::console) async fn try_code(
    visitor: &Visitor,
    typed: &str,
) -> Result<Response, Error> {
    let app = &visitor.app;
    let over = || sign_in_page::page(visitor, "", Some(OVER));
    let Some((account, step)) = waiting(visitor).await? else { return over() };
    let refused = |words| page(visitor, Some(words));
    if typed.trim().is_empty() {
        return refused("Enter the code");
    }
    let caller = known::caller(visitor, &account.email, Some(account.staff_id));
    let at = app.moment();
    let wait = app.db.run(|tx| Box::pin(count_code_try(tx, &at, &app.settings, &caller))).await?;
    if let Some(wait) = wait {
        return later(visitor, &SecondStepPage::new(Some(&wait_words(wait))), wait);
    }
    let at = app.moment();
    let accepted = app.db.run(|tx| {
        Box::pin(async {
            let accepted = accept(tx, app.settings.at(&at), step, typed).await?;
            if accepted == Accepted::Wrong {
                record_refusal(tx, &at, Some(account.staff_id), "code").await?;
            }
            Ok::<_, flows::Error>(accepted)
        })
    });
    match accepted.await? {
        Accepted::Right => {}
        Accepted::Wrong => return refused(WRONG),
        Accepted::Over => return over(),
    }
    let answer = begin(visitor, &account, "/console").await?;
    let gone = cookie::keep(app, COOKIE, "", Duration::ZERO)?;
    Ok((AppendHeaders([(header::SET_COOKIE, gone)]), answer).into_response())
}
