//! `/console/subscribers/{id}`: one person, whether they may be written to, and what happened.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::catalog::purpose::Purpose;
use crate::domain::staff::right::Right;
use crate::flows::consent::record_withdrawal::record_withdrawal;
use crate::flows::consent::withdraw::{Leave, Leaving};
use crate::flows::ledger::keep_verdict::{find_verdict, is_stale};
use crate::store::Tx;
use crate::store::catalog::reports;
use crate::store::consent::permissions;
use crate::store::contacts::subject_access;
use crate::store::contacts::subscribers::{self, Subscriber};
use crate::store::ledger::verdicts::Verdict;
use crate::store::signup::signup_sources;
use crate::web::choice::SelectOption;
use crate::web::console::contacts::subscribers::person_page::{
    CameFrom, StoppedMail, SubscriberPage,
};
use crate::web::console::contacts::subscribers::timeline;
use crate::web::console::form::{fault, is_sure};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;
use crate::web::people::answers;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/subscribers/{id}", Right::See, show),
        Route::post("/console/subscribers/{id}/withdraw", Right::Suppress, withdraw),
    ]
}

/// Whom a path names.
pub(super) async fn find(tx: &mut Tx, id: &str) -> Result<Subscriber, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    subscribers::find(tx, id).await?.ok_or(Error::NotFound)
}

async fn show(
    session: StaffSession,
    Path(id): Path<String>,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let word = match fields.one("word") {
        "withdrawn" => Some("The withdrawal is recorded. A receipt is on its way to them."),
        "nothing" => Some("Nothing was in force of what you chose."),
        _ => None,
    };
    session.show(&page(&session.app, &id, word, None).await?)
}

async fn page(
    app: &App,
    id: &str,
    word: Option<&'static str>,
    error: Option<FieldError>,
) -> Result<SubscriberPage, Error> {
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, id).await?;
    let verdict = find_verdict(&mut tx, &app.settings.evidence_key).await?;
    let is_sound = verdict.as_ref().is_none_or(Verdict::is_sound);
    let now = app.clock.now();
    let facts = permissions::list(&mut tx, now, person.subscriber_id).await?;
    let stopped = subject_access::list_suppressions(&mut tx, &person.address_key).await?;
    let named = |code: &str| {
        let known = facts.iter().find(|facts| facts.purpose.as_str() == code);
        known.map_or_else(|| code.to_owned(), |facts| facts.purpose.named(facts.name.as_deref()))
    };
    let timeline = timeline::list(&mut tx, &person, &stopped, named).await?;
    let sources = signup_sources::list_confirmed(&mut tx, &person.address_key).await?;
    let reports = if sources.is_empty() { vec![] } else { reports::list(&mut tx).await? };
    drop(tx);
    let (answers, allowed) = answers::answers(&facts, is_sound, &app.site.timezone);
    let stopped = stopped.iter().map(|one| StoppedMail {
        reason: one.reason,
        purpose: (one.purpose != "*").then(|| named(&one.purpose)),
        since: one.since,
    });
    let in_force = answers.iter().filter(|answer| answer.in_force);
    let left = in_force.map(|one| SelectOption::new(one.purpose.to_string(), one.title.clone()));
    Ok(SubscriberPage {
        left: left.collect(),
        person: person.into(),
        allowed,
        answers,
        unchecked: is_stale(verdict.as_ref(), now),
        suppressions: stopped.collect(),
        came_from: sources.into_iter().map(|one| CameFrom::new(one, &reports)).collect(),
        timeline,
        word,
        errors: error.into_iter().collect(),
    })
}

async fn refused(session: &StaffSession, id: &str, error: FieldError) -> Result<Response, Error> {
    session.refuse(&page(&session.app, id, None, Some(error)).await?)
}

/// Somebody withdrew by telephone or letter.
async fn withdraw(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let leaving = match fields.all("purpose")[..] {
        ["all"] => Some(Leaving::All),
        [code] => code.parse::<Purpose>().ok().map(Leaving::One),
        _ => None,
    };
    let Some(leaving) = leaving else {
        let error = fault("purpose", "Choose what they withdrew");
        return refused(&session, &id, error).await;
    };
    if !is_sure(&fields) {
        let error = fault("sure", "Tick the box to say that they asked for this");
        return refused(&session, &id, error).await;
    }
    let act = session.act();
    let ended = app.db.run(|tx| {
        Box::pin(async {
            let subscriber_id = find(tx, &id).await?.subscriber_id;
            let leave = Leave { subscriber_id, leaving: &leaving };
            let ended = record_withdrawal(tx, &act, &app.settings, leave).await?;
            Ok::<_, Error>((subscriber_id, ended))
        })
    });
    let (subscriber_id, ended) = ended.await?;
    let word = if ended.is_empty() { "nothing" } else { "withdrawn" };
    Ok(Redirect::to(&format!("/console/subscribers/{subscriber_id}?word={word}")).into_response())
}
