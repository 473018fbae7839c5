//! `/console/subscribers/{id}`: one person, whether they may be written to, and what happened.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::domain::catalog::purpose::Purpose;
use crate::domain::staff::right::Right;
use crate::flows::consent::record_withdrawal::record_withdrawal;
use crate::flows::consent::withdraw::Leaving;
use crate::flows::ledger::keep_verdict::{find_verdict, is_stale};
use crate::store::Tx;
use crate::store::consent::permissions;
use crate::store::contacts::held;
use crate::store::contacts::subscribers::{self, Subscriber};
use crate::store::ledger::verdicts::Verdict;
use crate::web::console::contacts::subscribers::timeline;
use crate::web::console::contacts::suppressions;
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::{FieldError, is_sure};
use crate::web::console::route::Route;
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
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let word = match fields.one("word") {
        "withdrawn" => Some("The withdrawal is recorded. A receipt is on its way to them."),
        "nothing" => Some("Nothing was in force of what you chose."),
        _ => None,
    };
    let context = context(&app, &id, word, None).await?;
    desk.page(&app, "console/subscriber.html", context)
}

async fn context(
    app: &App,
    id: &str,
    word: Option<&str>,
    error: Option<(&'static str, &str)>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, id).await?;
    let verdict = find_verdict(&mut tx, &app.terms.evidence_key).await?;
    let is_sound = verdict.as_ref().is_none_or(Verdict::is_sound);
    let now = app.clock.now();
    let facts = permissions::list(&mut tx, now, person.subscriber_id).await?;
    let stopped = held::list_suppressions(&mut tx, &person.address_key).await?;
    let named = |code: &str| {
        let known = facts.iter().find(|facts| facts.purpose.as_str() == code);
        known.map_or_else(|| code.to_owned(), |facts| facts.purpose.named(facts.name.as_deref()))
    };
    let timeline = timeline::of(&mut tx, &person, &stopped, named).await?;
    drop(tx);
    let (answers, allowed) = answers::answers(&facts, is_sound, &app.site.timezone);
    let stopped: Vec<Value> = stopped
        .iter()
        .map(|one| {
            let purpose = (one.purpose != "*").then(|| named(&one.purpose));
            json!({"reason": one.reason, "for": purpose, "since": one.since})
        })
        .collect();
    let in_force = answers.iter().filter(|answer| answer["in_force"] == true);
    let left: Vec<Value> =
        in_force.map(|a| json!({"value": a["purpose"], "title": a["title"]})).collect();
    let errors: Vec<FieldError> = error.iter().map(|(field, words)| fault(field, words)).collect();
    Ok(json!({
        "person": {
            "path": format!("/console/subscribers/{}", person.subscriber_id),
            "suppressions": suppressions::look_up(&person.email),
            "id": person.subscriber_id, "email": person.email, "name": person.name,
            "organisation": person.organisation, "job_title": person.job_title,
            "verified_at": person.verified_at, "created_at": person.created_at,
        },
        "allowed": allowed,
        "answers": answers,
        "unchecked": is_stale(verdict.as_ref(), now),
        "suppressions": stopped,
        "left": left,
        "timeline": timeline,
        "word": word,
        "errors": errors,
    }))
}

async fn refused(
    app: &App,
    desk: &Desk,
    id: &str,
    error: (&'static str, &str),
) -> Result<Response, Error> {
    let context = context(app, id, None, Some(error)).await?;
    desk.refused(app, "console/subscriber.html", context)
}

/// Somebody withdrew by telephone or letter.
async fn withdraw(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let leaving = match fields.all("purpose")[..] {
        ["all"] => Some(Leaving::All),
        [code] => code.parse::<Purpose>().ok().map(Leaving::One),
        _ => None,
    };
    let Some(leaving) = leaving else {
        return refused(&app, &desk, &id, ("purpose", "Choose what they withdrew")).await;
    };
    if !is_sure(&fields) {
        let error = ("sure", "Tick the box to say that they asked for this");
        return refused(&app, &desk, &id, error).await;
    }
    let mut tx = app.db.write().await?;
    let subscriber_id = find(&mut tx, &id).await?.subscriber_id;
    let at = app.moment();
    let ended =
        record_withdrawal(&mut tx, &at, &app.terms, &desk.actor(), subscriber_id, &leaving).await?;
    tx.commit().await?;
    app.mail_waits.notify_one();
    let word = if ended.is_empty() { "nothing" } else { "withdrawn" };
    Ok(Redirect::to(&format!("/console/subscribers/{subscriber_id}?word={word}")).into_response())
}
