//! `GET /api/v1/exports/consented`: the contacts of one purpose, as many as there are; `GET /api/v1/exports/{id}`: how an
//! export ended.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::bearer::{admit, refuse};
use super::problem::Problem;
use crate::domain::sentence::sentence;
use crate::domain::staff::api_token::Scope;
use crate::flows::staff::refuse::Refused;
use crate::store::contacts::export_runs;
use crate::web::export::{Allowed, Asker, Choices, FIELDS, NotSent, headers, send};
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::{App, Error};

/// When to come back while others are under way, in seconds.
const COME_BACK: u64 = 30;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/exports/consented", get(consented))
        .route("/api/v1/exports/{id}", get(ended))
}

async fn consented(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Exports).await?;
    let fields = Fields::parse(head.uri.query().unwrap_or_default().as_bytes());
    if fields.has_other_than(&FIELDS) {
        return Ok(Problem::unknown_field(&FIELDS).into_response());
    }
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

/// How an export stands or ended, whoever asked for it: of a whole one the number of contacts and the SHA-256 of its bytes.
async fn ended(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    head: Parts,
) -> Result<Response, Error> {
    admit(&app, &head, Scope::Exports).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let run = export_runs::find(&mut app.db.read().await?, id).await?.ok_or(Error::NotFound)?;
    let told = json!({
        "id": run.export_run_id, "state": run.state.as_str(), "purpose": run.purpose,
        "format": run.format.as_str(), "rows": run.rows_done, "sha256": run.sha256,
        "asked_at": run.created_at, "of": run.started_at, "ended_at": run.finished_at,
        "reason": run.reason,
    });
    Ok(Json(told).into_response())
}
