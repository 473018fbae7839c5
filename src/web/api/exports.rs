//! `GET /api/v1/exports/consented`: the contacts of one purpose, as many as there are; `GET /api/v1/exports/{id}`: how an
//! export ended.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::bearer::{admit, refuse};
use super::problem::Problem;
use super::query;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::sentence::sentence;
use crate::domain::staff::api_token::Scope;
use crate::domain::timestamp::Timestamp;
use crate::flows::staff::refuse::Refused;
use crate::store::contacts::export_runs;
use crate::web::export::{Allowed, Asker, Choices, FIELDS, NotSent, headers, send};
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

/// When to come back while others are under way, in seconds.
const COME_BACK: u64 = 30;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(consented)).routes(routes!(ended))
}

/// How an export stands or ended.
#[derive(Serialize, ToSchema)]
struct Export {
    id: Uuid,
    /// `waiting`, `running`, `done`, `failed` or `expired`.
    state: &'static str,
    #[schema(value_type = String)]
    purpose: Purpose,
    /// `csv`, `ndjson` or `xlsx`.
    format: &'static str,
    /// How many contacts were written.
    rows: i64,
    /// The SHA-256 of the bytes of a whole one.
    #[schema(required)]
    sha256: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// The moment as of which it is so.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    of: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ended_at: Option<Timestamp>,
    /// Why it failed.
    #[schema(required)]
    reason: Option<String>,
}

/// Export contacts
///
/// Everybody who may be written to for one purpose at this moment, each with the proof. An export that breaks off is not
/// whole: `X-Export-Id` in the head of the answer names it, and its state is told by that.
#[utoipa::path(
    get,
    path = "/api/v1/exports/consented",
    operation_id = "export_contacts",
    tag = "contacts",
    params(
        ("purpose" = String, Query, description = "What they agreed to, such as `newsletter:weekly-briefing`."),
        ("report" = Option<String>, Query, description = "The short name of the report whose form they sent."),
        ("since" = Option<String>, Query, description = "They confirmed on this day of the site’s zone, or at this time \
                                                         with its offset, or later."),
        ("until" = Option<String>, Query, description = "The same or earlier."),
        ("policy" = Option<String>, Query, description = "The label of the policy that they agreed to."),
        ("format" = Option<String>, Query, description = "`csv`, unless something is said, or `ndjson`."),
        ("preset" = Option<String>, Query, description = "Columns as `hubspot`, `mailchimp` or `salesforce` import them."),
        ("links" = Option<String>, Query, description = "`yes`: with each person’s own links, for which the token must \
                                                         open `erase` too."),
    ),
    responses(
        (status = 200, description = "The contacts",
         headers(("X-Export-Id" = String, description = "The name of this export")),
         content((String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 409, description = "The ledger was changed by another hand, or the database went back in time"),
    ),
    security(("token" = ["exports"])),
    extensions(("x-curl" = json!(r#"curl -H "Authorization: Bearer $TOKEN" "BASE/api/v1/exports/consented?purpose=newsletter:weekly-briefing""#)))
)]
async fn consented(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Exports).await?;
    let fields = query::read(&head.uri, &FIELDS)?;
    let wants_links = fields.all("links").iter().any(|links| !links.trim().is_empty());
    if wants_links && !program.scopes.holds(Scope::Erase) {
        refuse(&app, &head, &program.by, Refused::Scope).await?;
        let message = "Use a token that may erase people as well: who holds a person’s link can act in \
                       their name";
        let fault = InvalidField::new("links", "scope", message);
        return Ok(Problem::new(StatusCode::FORBIDDEN, fault).into_response());
    }
    let mut tx = app.db.read().await?;
    let choices = Choices::read(&mut tx).await?;
    // An export waits for its turn without a connection.
    drop(tx);
    let ask =
        match choices.parse(Allowed { links: true, workbooks: false }, &fields, &app.site.timezone)
        {
            Ok(ask) => ask,
            Err(wrong) => return Ok(Problem::unusable(wrong).into_response()),
        };
    // HEAD says what GET would send, and exports nothing.
    if head.method == Method::HEAD {
        return Ok((headers(&app, &ask), Body::empty()).into_response());
    }
    match send(&app, Asker { actor: program.by, staff_id: None }, ask).await {
        Ok(response) => Ok(response),
        Err(NotSent::Busy) => {
            let message = "Other exports are under way: try again when one of them has finished";
            let fault = InvalidField::new("export", "busy", message);
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, fault);
            Ok(([(header::RETRY_AFTER, COME_BACK.to_string())], problem).into_response())
        }
        Err(NotSent::Refused(refusal)) => {
            let fault = InvalidField::new("export", "ledger", sentence(&refusal));
            Ok(Problem::new(StatusCode::CONFLICT, fault).into_response())
        }
        Err(NotSent::Failed(error)) => Err(error),
    }
}

/// Look at an export
///
/// How an export stands or ended, whoever asked for it, here or at the console.
#[utoipa::path(
    get,
    path = "/api/v1/exports/{id}",
    operation_id = "show_export",
    tag = "contacts",
    params(("id" = Uuid, Path, description = "What `X-Export-Id` said.")),
    responses(
        (status = 200, description = "How it stands", body = Export),
        (status = 404, description = "There is no such export"),
    ),
    security(("token" = ["exports"])),
    extensions(("x-curl" = json!(r#"curl -H "Authorization: Bearer $TOKEN" BASE/api/v1/exports/$EXPORT"#)))
)]
async fn ended(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    admit(&app, &head, Scope::Exports).await?;
    query::demand_none(&head.uri)?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let run = export_runs::find(&mut app.db.read().await?, id).await?.ok_or(Error::NotFound)?;
    let told = Export {
        id: run.export_run_id,
        state: run.state.as_str(),
        purpose: run.purpose,
        format: run.format.as_str(),
        rows: run.rows_done,
        sha256: run.sha256,
        asked_at: run.created_at,
        of: run.started_at,
        ended_at: run.finished_at,
        reason: run.reason,
    };
    Ok(Json(told).into_response())
}
