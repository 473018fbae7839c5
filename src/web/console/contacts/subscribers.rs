//! `/console/subscribers`: people, found by who they are and by what they agreed to.

mod erase;
mod person;
mod receipts;
mod timeline;
mod unconfirmed;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::staff::right::Right;
use crate::store::Tx;
use crate::store::contacts::listed_subscribers;
use crate::store::contacts::search::{Count, Found, count_all, search};
use crate::web::console::desk::{Asked, Desk, fault};
use crate::web::console::form::FieldError;
use crate::web::console::route::Route;
use crate::web::people::choices::Choices;
use crate::web::people::question::Question;
use crate::web::{App, Error};

/// How many people stand on a page.
const AT_ONCE: usize = 50;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![Route::get("/console/subscribers", Right::See, show)];
    routes.extend(person::routes());
    routes.extend(erase::routes());
    routes.extend(receipts::routes());
    routes
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let choices = Choices::read(&mut tx).await?;
    let question = Question::read(&fields, &choices, &app.site.timezone);
    let total = count_all(&mut tx).await?;
    let (found, rows, unconfirmed) = match &question.filter {
        Ok(filter) => {
            let found = search(&mut tx, filter, question.place, AT_ONCE).await?;
            let rows = rows(&mut tx, &choices, &found.ids).await?;
            let nobody = rows.is_empty() && found.count == Count::Exactly(0);
            let unconfirmed =
                if nobody { unconfirmed::find(&app, &mut tx, question.q()).await? } else { None };
            (Some(found), rows, unconfirmed)
        }
        Err(_) => (None, vec![], None),
    };
    drop(tx);
    let errors: Vec<FieldError> = match &question.filter {
        Ok(_) => vec![],
        Err(errors) => errors.iter().map(|wrong| fault(wrong.field, &wrong.message)).collect(),
    };
    let refused = !errors.is_empty();
    let context = context(
        &question,
        (found.as_ref(), total),
        json!({
            "options": choices.options(), "errors": errors, "rows": rows, "unconfirmed": unconfirmed,
        }),
    );
    if refused {
        desk.refused(&app, "console/subscribers.html", context)
    } else {
        desk.page(&app, "console/subscribers.html", context)
    }
}

fn context(
    question: &Question,
    (found, total): (Option<&Found>, Count),
    mut context: Value,
) -> Value {
    let older = found.and_then(|found| found.older).map(|id| question.path("after", id));
    let newer = found.and_then(|found| found.newer).map(|id| question.path("before", id));
    context["asked"] = question.typed();
    context["filtered"] = question.is_narrowed().into();
    context["count"] = counted(found.map_or(Count::Exactly(0), |found| found.count));
    context["total"] = counted(total);
    context["cut_short"] = found.is_some_and(|found| found.cut_short).into();
    context["older"] = older.into();
    context["newer"] = newer.into();
    context
}

fn counted(count: Count) -> Value {
    match count {
        Count::Exactly(number) => json!({"kind": "exactly", "number": number}),
        Count::MoreThan(number) => json!({"kind": "more", "number": number}),
        Count::Unknown => json!({"kind": "unknown", "number": 0}),
    }
}

async fn rows(tx: &mut Tx, choices: &Choices, ids: &[Uuid]) -> Result<Vec<Value>, Error> {
    let people = listed_subscribers::list(tx, ids).await?;
    let states = listed_subscribers::list_states(tx, ids).await?;
    let stopped = listed_subscribers::list_stopped(tx, ids).await?;
    let consents = |id: Uuid| -> Vec<Value> {
        let theirs = states.iter().filter(|(of, ..)| *of == id);
        let titled = |purpose, state| json!({"title": choices.title(purpose), "state": state});
        theirs.map(|(_, purpose, state)| titled(purpose, state)).collect()
    };
    Ok(people
        .iter()
        .map(|person| {
            json!({
                "path": format!("/console/subscribers/{}", person.subscriber_id),
                "email": person.email, "name": person.name, "organisation": person.organisation,
                "since": person.created_at, "consents": consents(person.subscriber_id),
                "stopped": stopped.contains(&person.subscriber_id),
            })
        })
        .collect())
}
