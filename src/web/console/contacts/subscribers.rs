//! `/console/subscribers`: people, found by who they are and by what they agreed to.

pub(in crate::web::console) mod erase;
pub(in crate::web::console) mod list_page;
pub(in crate::web::console) mod person;
pub(in crate::web::console) mod person_page;
pub(in crate::web::console) mod receipts;
mod timeline;
mod unconfirmed;

use axum::response::Response;
use uuid::Uuid;

use crate::domain::staff::right::Right;
use crate::store::Tx;
use crate::store::contacts::listed_subscribers::{self, ListedSubscriber};
use crate::store::contacts::search::{Count, count_all, search};
use crate::web::Error;
use crate::web::console::contacts::subscribers::list_page::{
    ListedConsent, SubscriberRow, SubscribersPage,
};
use crate::web::console::form::fault;
use crate::web::console::request_fields::Asked;
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;
use crate::web::people::choices::Choices;
use crate::web::people::question::Question;

/// How many people stand on a page.
const AT_ONCE: usize = 50;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![Route::get("/console/subscribers", Right::See, show)];
    routes.extend(person::routes());
    routes.extend(erase::routes());
    routes.extend(receipts::routes());
    routes
}

async fn show(session: StaffSession, Asked(fields): Asked) -> Result<Response, Error> {
    let app = &session.app;
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
                if nobody { unconfirmed::find(app, &mut tx, question.q()).await? } else { None };
            (Some(found), rows, unconfirmed)
        }
        Err(_) => (None, vec![], None),
    };
    drop(tx);
    let errors: Vec<FieldError> = match &question.filter {
        Ok(_) => vec![],
        Err(errors) => errors.iter().map(|wrong| fault(wrong.field, &wrong.message)).collect(),
    };
    let (older, newer) = found.as_ref().map_or((None, None), |found| (found.older, found.newer));
    let count = found.as_ref().map_or(Count::Exactly(0), |found| found.count);
    let page = SubscribersPage {
        asked: question.typed(),
        options: choices.options(),
        filtered: question.is_narrowed(),
        errors,
        rows,
        unconfirmed,
        count: count.into(),
        total: total.into(),
        cut_short: found.is_some_and(|found| found.cut_short),
        older: older.map(|id| question.path("after", id)),
        newer: newer.map(|id| question.path("before", id)),
    };
    session.show_with(&page, &page.errors)
}

async fn rows(tx: &mut Tx, choices: &Choices, ids: &[Uuid]) -> Result<Vec<SubscriberRow>, Error> {
    let people = listed_subscribers::list(tx, ids).await?;
    let states = listed_subscribers::list_states(tx, ids).await?;
    let stopped = listed_subscribers::list_stopped(tx, ids).await?;
    let consents = |id: Uuid| {
        let theirs = states.iter().filter(move |(of, ..)| *of == id);
        let titled = theirs.map(|(_, purpose, state)| ListedConsent {
            title: choices.title(purpose),
            state: *state,
        });
        titled.collect()
    };
    let row = |person: ListedSubscriber| SubscriberRow {
        path: format!("/console/subscribers/{}", person.subscriber_id),
        email: person.email,
        name: person.name,
        organisation: person.organisation,
        since: person.created_at,
        consents: consents(person.subscriber_id),
        stopped: stopped.contains(&person.subscriber_id),
    };
    Ok(people.into_iter().map(row).collect())
}
