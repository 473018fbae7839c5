//! `GET /api/v1/subscribers`: people, by the filters of the console's list.

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::bearer::admit;
use super::problem::Problem;
use super::query;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::staff::api_token::Scope;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::Tx;
use crate::store::contacts::listed_subscribers;
use crate::store::contacts::search::{Count, SearchPosition, search};
use crate::web::disclosure::audit_disclosure;
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::people::choices::Choices;
use crate::web::people::question::{NAMES, Question};
use crate::web::{App, Error};

/// What may be asked for.
const FIELDS: [&str; 9] = {
    let [q, purpose, state, report, policy, since, until, suppressed] = NAMES;
    [q, purpose, state, report, policy, since, until, suppressed, "after"]
};

/// How many one answer holds.
const AT_ONCE: usize = 100;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A page of people, newest first.
#[derive(Serialize, ToSchema)]
struct Subscribers {
    subscribers: Vec<ListedSubscriber>,
    /// After whom to go on; null on the last page.
    #[schema(required)]
    after: Option<Uuid>,
    count: SubscriberCount,
}

/// How many there are in all.
#[derive(Serialize, ToSchema)]
struct SubscriberCount {
    /// `exactly`, `more` than that, or `unknown`.
    kind: &'static str,
    #[schema(value_type = Option<u64>, required)]
    number: Option<i64>,
}

/// Somebody, as lists tell of them.
#[derive(Serialize, ToSchema)]
struct ListedSubscriber {
    subscriber_id: Uuid,
    email: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    organisation: Option<String>,
    #[schema(required)]
    job_title: Option<String>,
    /// When they confirmed first.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    consents: Vec<ListedConsent>,
}

/// Where a consent stands.
#[derive(Serialize, ToSchema)]
struct ListedConsent {
    /// What they agreed to.
    #[schema(value_type = String)]
    purpose: Purpose,
    /// `given`, `renewed`, `withdrawn` or `expired`.
    #[schema(value_type = String)]
    state: EventType,
}

/// List people
///
/// Newest first, a hundred at a time. A page may hold few, or nobody, and yet not be the last: a search looks at so many
/// people at once, so go on with `after` until it is null.
#[utoipa::path(
    get,
    path = "/api/v1/subscribers",
    operation_id = "list_subscribers",
    tag = "contacts",
    params(
        ("q" = Option<String>, Query, description = "What their address, name, organisation or job title begins with."),
        ("purpose" = Option<String>, Query, description = "What they agreed to, in force or not."),
        ("state" = Option<String>, Query, description = "Where that consent stands: `given`, `renewed`, `withdrawn` or \
                                                         `expired`."),
        ("report" = Option<String>, Query, description = "The short name of the report whose form they sent."),
        ("policy" = Option<String>, Query, description = "The label of the policy that they agreed to."),
        ("since" = Option<String>, Query, description = "They confirmed first on this day of the site’s zone, or at this \
                                                         time with its offset, or later."),
        ("until" = Option<String>, Query, description = "The same or earlier."),
        ("suppressed" = Option<String>, Query, description = "`yes`: those who must not be mailed; `no`: the others."),
        ("after" = Option<Uuid>, Query, description = "The `after` that the answer before ended with."),
    ),
    responses((status = 200, description = "People", body = Subscribers)),
    security(("token" = ["subscribers"])),
    extensions(("x-curl" = json!(r#"curl -H "Authorization: Bearer $TOKEN" "BASE/api/v1/subscribers?purpose=newsletter:weekly-briefing&state=given""#)))
)]
async fn list(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Subscribers).await?;
    let fields = query::read(&head.uri, &FIELDS)?;
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
    let (kind, number) = match found.count {
        Count::Exactly(number) => ("exactly", Some(number)),
        Count::MoreThan(number) => ("more", Some(number)),
        Count::Unknown => ("unknown", None),
    };
    let count = SubscriberCount { kind, number };
    Ok(Json(Subscribers { subscribers: people, after: found.older, count }).into_response())
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

async fn people(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<ListedSubscriber>, Error> {
    let people = listed_subscribers::list(tx, ids).await?;
    let states = listed_subscribers::list_states(tx, ids).await?;
    let consents = |id: Uuid| -> Vec<ListedConsent> {
        let theirs = states.iter().filter(|(of, ..)| *of == id);
        let consent = |(_, purpose, state): &(_, Purpose, EventType)| ListedConsent {
            purpose: purpose.clone(),
            state: *state,
        };
        theirs.map(consent).collect()
    };
    let told = people.into_iter().map(|person| ListedSubscriber {
        consents: consents(person.subscriber_id),
        subscriber_id: person.subscriber_id,
        email: person.email,
        name: person.name,
        organisation: person.organisation,
        job_title: person.job_title,
        created_at: person.created_at,
    });
    Ok(told.collect())
}
