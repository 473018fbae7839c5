//! `GET /api/v1/subscribers`: people, by the filters of the console's list.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use uuid::Uuid;

use super::bearer::admit;
use super::problem::Problem;
use crate::domain::staff::api_token::Scope;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::Tx;
use crate::store::contacts::listed_subscribers;
use crate::store::contacts::search::{Count, SearchPosition, search};
use crate::web::disclosure::audit_disclosure;
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::people::choices::Choices;
use crate::web::people::question::{NAMES, Question};
use crate::web::{App, Error};

/// How many one answer holds.
const AT_ONCE: usize = 100;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api/v1/subscribers", get(list))
}

/// A page of people, newest first, and whom to go on after. A page may hold few, or nobody, and yet not be the
/// last: a search looks at so many people at once.
async fn list(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Subscribers).await?;
    let fields = Fields::parse(head.uri.query().unwrap_or_default().as_bytes());
    let known: Vec<&str> = NAMES.into_iter().chain(["after"]).collect();
    if fields.has_other_than(&known) {
        return Ok(Problem::unknown_field(&known).into_response());
    }
    let mut tx = app.db.read().await?;
    let question = Question::read(&fields, &Choices::read(&mut tx).await?, &app.site.timezone);
    let (filter, place) = match (&question.filter, place(&fields)) {
        (Ok(filter), Ok(place)) => (filter, place),
        (filter, place) => {
            let mut wrong = filter.as_ref().err().cloned().unwrap_or_default();
            wrong.extend(place.err());
            return Ok(Problem::unusable(wrong).into_response());
        }
    };
    let found = search(&mut tx, filter, place, AT_ONCE).await?;
    let people = people(&mut tx, &found.ids).await?;
    drop(tx);
    // HEAD gives nobody away.
    if !people.is_empty() && head.method != Method::HEAD {
        // By what was narrowed, not to what: words that are searched for may be somebody's name.
        let by: Vec<&str> = NAMES.into_iter().filter(|n| !fields.one(n).is_empty()).collect();
        let detail = json!({"filters": by, "rows": people.len()});
        audit_disclosure(&app, &program.by, Disclosure::Subscribers, &detail).await?;
    }
    let count = match found.count {
        Count::Exactly(number) => json!({"kind": "exactly", "number": number}),
        Count::MoreThan(number) => json!({"kind": "more", "number": number}),
        Count::Unknown => json!({"kind": "unknown", "number": null}),
    };
    Ok(Json(json!({"subscribers": people, "after": found.older, "count": count})).into_response())
}

/// Where to go on; from the newest when nothing is said.
fn place(fields: &Fields) -> Result<SearchPosition, InvalidField> {
    let message = "Send the `after` that the answer before ended with, or none";
    match fields.all("after")[..] {
        [] => Some(SearchPosition::First),
        [one] => one.parse().map(SearchPosition::OlderThan).ok(),
        _ => None,
    }
    .ok_or_else(|| InvalidField::new("after", "not-a-place", message))
}

async fn people(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Value>, Error> {
    let people = listed_subscribers::list(tx, ids).await?;
    let states = listed_subscribers::list_states(tx, ids).await?;
    let consents = |id: Uuid| -> Vec<Value> {
        let theirs = states.iter().filter(|(of, ..)| *of == id);
        theirs.map(|(_, purpose, state)| json!({"purpose": purpose, "state": state})).collect()
    };
    let told = people.iter().map(|person| {
        json!({
            "subscriber_id": person.subscriber_id, "email": person.email, "name": person.name,
            "organisation": person.organisation, "job_title": person.job_title,
            "created_at": person.created_at, "consents": consents(person.subscriber_id),
        })
    });
    Ok(told.collect())
}
