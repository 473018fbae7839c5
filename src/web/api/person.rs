//! `/api/v1/subscribers/{id}`: one person, whether they may be written to, what they agreed to, and their
//! erasure.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method as HttpMethod, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::bearer::admit;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::api_token::Scope;
use crate::flows::contacts::disclose::disclose_consents;
use crate::flows::contacts::erase::{Erasing, erase_subscriber};
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::store::Tx;
use crate::store::consent::permissions;
use crate::store::consent::permissions::PermissionFacts;
use crate::store::contacts::subject_access;
use crate::store::contacts::subscribers::{self, Subscriber};
use crate::store::ledger::verdicts::Verdict;
use crate::store::signup::signup_sources::{self, ConfirmedSource};
use crate::web::disclosure::audit_disclosure;
use crate::web::people::answers::answer;
use crate::web::{App, Error};

/// How an erasure is named in evidence.
const SOURCE: &str = "api";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/subscribers/{id}", get(show).delete(forget))
        .route("/api/v1/subscribers/{id}/consents", get(consents))
}

async fn find(tx: &mut Tx, id: &str) -> Result<Subscriber, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    subscribers::find(tx, id).await?.ok_or(Error::NotFound)
}

/// What is known of them, and in a sentence for each purpose whether they may be written to.
async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Subscribers).await?;
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, &id).await?;
    let verdict = find_verdict(&mut tx, &app.settings.evidence_key).await?;
    let is_sound = verdict.as_ref().is_none_or(Verdict::is_sound);
    let facts = permissions::list(&mut tx, app.clock.now(), person.subscriber_id).await?;
    let stopped = subject_access::list_suppressions(&mut tx, &person.address_key).await?;
    let sources = signup_sources::list_confirmed(&mut tx, &person.address_key).await?;
    drop(tx);
    let purposes: Vec<Value> = facts.iter().map(|facts| purpose(&app, facts, is_sound)).collect();
    let told = json!({
        "subscriber_id": person.subscriber_id, "email": person.email, "name": person.name,
        "organisation": person.organisation, "job_title": person.job_title,
        "verified_at": person.verified_at, "created_at": person.created_at,
        "purposes": purposes, "suppressions": stopped,
        "came_from": sources.iter().map(came_from).collect::<Vec<_>>(),
        "ledger_checked_at": verdict.map(|verdict| verdict.checked_at),
    });
    record(&app, &head, &program.by, (Disclosure::Subscriber, &person)).await?;
    Ok(Json(told).into_response())
}

fn purpose(app: &App, facts: &PermissionFacts, ledger_is_sound: bool) -> Value {
    let answer = answer(facts, ledger_is_sound, &app.site.timezone);
    json!({
        "purpose": facts.purpose, "name": answer.title, "state": facts.state,
        "may_be_written_to": answer.kind == "yes", "sentence": answer.sentence,
        "receipt_id": facts.event_id,
    })
}

/// Where they came from to one form.
fn came_from(one: &ConfirmedSource) -> Value {
    json!({"report": one.report, "confirmed_at": one.confirmed_at, "source": one.source})
}

/// What they agreed to, with the words, and the events that made it so.
async fn consents(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Subscribers).await?;
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, &id).await?;
    let agreed = disclose_consents(&mut tx, &person).await?;
    drop(tx);
    let told = json!({
        "subscriber_id": person.subscriber_id, "consents": agreed.consents, "events": agreed.events,
    });
    record(&app, &head, &program.by, (Disclosure::SubscriberConsents, &person)).await?;
    Ok(Json(told).into_response())
}

/// HEAD gives nothing away.
async fn record(
    app: &App,
    head: &Parts,
    by: &str,
    (what, of): (Disclosure, &Subscriber),
) -> Result<(), Error> {
    if head.method == HttpMethod::HEAD {
        return Ok(());
    }
    audit_disclosure(app, by, what, &json!({"subscriber_id": of.subscriber_id})).await
}

/// Erases them, as the console does.
async fn forget(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Erase).await?;
    let (at, actor) = (app.moment(), Some(program.by.as_str()));
    let how = Erasing { at: &at, method: Method::Api, source: SOURCE, actor };
    let erased = app.db.run(|tx| {
        Box::pin(async {
            let subscriber_id = find(tx, &id).await?.subscriber_id;
            // Somebody else may have erased them in this moment.
            let found = erase_subscriber(tx, &app.settings, subscriber_id, how).await?;
            if found { Ok(()) } else { Err(Error::NotFound) }
        })
    });
    erased.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
