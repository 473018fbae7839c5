//! `/api/v1/subscribers/{id}`: one person, whether they may be written to, what they agreed to, and their
//! erasure.

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method as HttpMethod, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::bearer::admit;
use super::query;
use super::told_consents::{Suppression, ToldConsents};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::signup::submitted_form::Method;
use crate::domain::slug::Slug;
use crate::domain::staff::api_token::Scope;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::disclose::disclose_consents;
use crate::flows::contacts::erase::{Erasing, erase_subscriber};
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::store::Tx;
use crate::store::consent::permissions;
use crate::store::consent::permissions::PermissionFacts;
use crate::store::contacts::subject_access;
use crate::store::contacts::subscribers::{self, Subscriber as Person};
use crate::store::ledger::verdicts::Verdict;
use crate::store::signup::signup_sources::{self, ConfirmedSource};
use crate::web::disclosure::audit_disclosure;
use crate::web::people::answers::answer;
use crate::web::{App, Error};

/// How an erasure is named in evidence.
const SOURCE: &str = "api";

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(show, forget)).routes(routes!(consents))
}

/// Somebody, and whether they may be written to.
#[derive(Serialize, ToSchema)]
struct Subscriber {
    subscriber_id: Uuid,
    email: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    organisation: Option<String>,
    #[schema(required)]
    job_title: Option<String>,
    /// When their address was confirmed last.
    #[schema(value_type = String, format = DateTime)]
    verified_at: Timestamp,
    /// When it was confirmed first.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Every purpose that there is, agreed to or not.
    purposes: Vec<SubscriberPurpose>,
    /// What keeps mail from their address.
    suppressions: Vec<Suppression>,
    /// Where they came from, newest first, as far as it is known.
    came_from: Vec<CameFrom>,
    /// When the ledger was checked last; null before its first check.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ledger_checked_at: Option<Timestamp>,
}

/// Where somebody came from to a form that they confirmed.
#[derive(Serialize, ToSchema)]
struct CameFrom {
    /// The report of the form; null for newsletters alone.
    #[schema(value_type = Option<String>, required)]
    report: Option<Slug>,
    #[schema(value_type = String, format = DateTime)]
    confirmed_at: Timestamp,
    /// What is known of `utm_source`, `utm_medium`, `utm_campaign`, `utm_term`, `utm_content`, `ref` and `page_origin`.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    source: SignupSource,
}

impl From<ConfirmedSource> for CameFrom {
    fn from(one: ConfirmedSource) -> Self {
        Self { report: one.report, confirmed_at: one.confirmed_at, source: one.source }
    }
}

/// Whether somebody may be written to for one purpose.
#[derive(Serialize, ToSchema)]
struct SubscriberPurpose {
    #[schema(value_type = String)]
    purpose: Purpose,
    /// What readers know it by.
    name: String,
    /// `given`, `renewed`, `withdrawn` or `expired`; null where they never agreed.
    #[schema(value_type = Option<String>, required)]
    state: Option<EventType>,
    may_be_written_to: bool,
    /// The same for people, and why.
    sentence: String,
    /// By which its receipt is found.
    #[schema(required)]
    receipt_id: Option<Uuid>,
}

async fn find(tx: &mut Tx, id: &str) -> Result<Person, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    subscribers::find(tx, id).await?.ok_or(Error::NotFound)
}

/// Look somebody up
///
/// What is known of them, and for each purpose whether they may be written to, by the same rules as the export.
#[utoipa::path(
    get,
    path = "/api/v1/subscribers/{id}",
    operation_id = "show_subscriber",
    tag = "contacts",
    params(("id" = Uuid, Path, description = "Their `subscriber_id`.")),
    responses(
        (status = 200, description = "Who they are", body = Subscriber),
        (status = 404, description = "There is nobody of this name"),
    ),
    security(("token" = ["subscribers"])),
    extensions(("x-curl" = json!(r#"curl -H "Authorization: Bearer $TOKEN" BASE/api/v1/subscribers/$SUBSCRIBER"#)))
)]
async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Subscribers).await?;
    query::demand_none(&head.uri)?;
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, &id).await?;
    let verdict = find_verdict(&mut tx, &app.settings.evidence_key).await?;
    let is_sound = verdict.as_ref().is_none_or(Verdict::is_sound);
    let facts = permissions::list(&mut tx, app.clock.now(), person.subscriber_id).await?;
    let stopped = subject_access::list_suppressions(&mut tx, &person.address_key).await?;
    let sources = signup_sources::list_confirmed(&mut tx, &person.address_key).await?;
    drop(tx);
    record(&app, &head, &program.by, (Disclosure::Subscriber, &person)).await?;
    let told = Subscriber {
        subscriber_id: person.subscriber_id,
        email: person.email.to_string(),
        name: person.name,
        organisation: person.organisation,
        job_title: person.job_title,
        verified_at: person.verified_at,
        created_at: person.created_at,
        purposes: facts.into_iter().map(|facts| purpose(&app, facts, is_sound)).collect(),
        suppressions: stopped.into_iter().map(Suppression::from).collect(),
        came_from: sources.into_iter().map(CameFrom::from).collect(),
        ledger_checked_at: verdict.map(|verdict| verdict.checked_at),
    };
    Ok(Json(told).into_response())
}

fn purpose(app: &App, facts: PermissionFacts, ledger_is_sound: bool) -> SubscriberPurpose {
    let answer = answer(&facts, ledger_is_sound, &app.site.timezone);
    SubscriberPurpose {
        purpose: facts.purpose,
        name: answer.title,
        state: facts.state,
        may_be_written_to: answer.kind == "yes",
        sentence: answer.sentence,
        receipt_id: facts.event_id,
    }
}

/// Look at what somebody agreed to
///
/// With the words, and every event that made it so.
#[utoipa::path(
    get,
    path = "/api/v1/subscribers/{id}/consents",
    operation_id = "list_consents",
    tag = "contacts",
    params(("id" = Uuid, Path, description = "Their `subscriber_id`.")),
    responses(
        (status = 200, description = "What they agreed to", body = ToldConsents),
        (status = 404, description = "There is nobody of this name"),
    ),
    security(("token" = ["subscribers"])),
    extensions(("x-curl" = json!(r#"curl -H "Authorization: Bearer $TOKEN" BASE/api/v1/subscribers/$SUBSCRIBER/consents"#)))
)]
async fn consents(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Subscribers).await?;
    query::demand_none(&head.uri)?;
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, &id).await?;
    let agreed = disclose_consents(&mut tx, &person).await?;
    drop(tx);
    record(&app, &head, &program.by, (Disclosure::SubscriberConsents, &person)).await?;
    Ok(Json(ToldConsents::new(person.subscriber_id, agreed)).into_response())
}

/// HEAD gives nothing away.
async fn record(
    app: &App,
    head: &Parts,
    by: &str,
    (what, of): (Disclosure, &Person),
) -> Result<(), Error> {
    if head.method == HttpMethod::HEAD {
        return Ok(());
    }
    audit_disclosure(app, by, what, &json!({"subscriber_id": of.subscriber_id})).await
}

/// Erase somebody
///
/// Ends what they agreed to and deletes all that is held of them, as the console does.
#[utoipa::path(
    delete,
    path = "/api/v1/subscribers/{id}",
    operation_id = "erase_subscriber",
    tag = "contacts",
    params(("id" = Uuid, Path, description = "Their `subscriber_id`.")),
    responses(
        (status = 204, description = "All that was held of them is gone"),
        (status = 404, description = "There is nobody of this name"),
    ),
    security(("token" = ["erase"])),
    extensions(("x-curl" = json!(r#"curl -X DELETE -H "Authorization: Bearer $TOKEN" BASE/api/v1/subscribers/$SUBSCRIBER"#)))
)]
async fn forget(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Erase).await?;
    query::demand_none(&head.uri)?;
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
