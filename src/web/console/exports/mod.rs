//! `/console/exports`: contacts as files. What is asked for is counted and shown before it is taken away.

mod download;
mod run;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{Asked, Desk, Form, fault};
use super::paging::page_of;
use super::route::Route;
use crate::domain::api_token;
use crate::domain::request_id::RequestId;
use crate::domain::right::Right;
use crate::domain::sentence::sentence;
use crate::domain::time_zone::TimeZone;
use crate::flows::allow_export::ExportRefused;
use crate::store::api_tokens::{self, TokenRow};
use crate::store::export_runs::{self, ExportRun};
use crate::store::{Tx, exports};
use crate::web::export::{Allowed, Ask, Asker, Choices, allows, begin, sent};
use crate::web::fields::Fields;
use crate::web::{App, Error};

/// How many contacts are shown before they are taken away.
const SHOWN: i64 = 10;
/// How many earlier exports stand on one page.
const RUNS: i64 = 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/exports", Right::Export, show),
        Route::post("/console/exports", Right::Export, start),
        Route::take("/console/exports/consented", Right::Export, download::download),
        Route::get("/console/exports/{id}", Right::Export, run::show),
        Route::take("/console/exports/{id}/file", Right::Export, run::file),
        Route::take("/console/exports/{id}/withdrawn", Right::Export, run::withdrawn),
    ]
}

/// What somebody at the desk wishes, or what is wrong with it as `{field, message}`.
async fn read(
    app: &App,
    tx: &mut Tx,
    desk: &Desk,
    fields: &Fields,
) -> Result<Result<Ask, Vec<Value>>, Error> {
    let allowed = Allowed { links: desk.may(Right::TakeLinks), workbooks: true };
    let read = Choices::read(tx).await?.parse(allowed, fields, &app.site.timezone);
    Ok(read.map_err(|wrong| wrong.iter().map(|w| fault(w.field, &w.message)).collect()))
}

fn asker(desk: &Desk) -> Asker {
    Asker { actor: desk.actor(), staff_id: Some(desk.staff_id) }
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    // A link may choose some of it beforehand; the form sends all its fields.
    if fields.all("purpose").is_empty() {
        return page(&app, &desk, &mut tx, &fields, Value::Null, vec![]).await;
    }
    match read(&app, &mut tx, &desk, &fields).await? {
        Ok(ask) => {
            let found = preview(&app, &mut tx, &ask).await?;
            page(&app, &desk, &mut tx, &fields, found, vec![]).await
        }
        Err(errors) => refused_page(&app, &desk, &mut tx, &fields, errors).await,
    }
}

/// Has a file made in the background.
async fn start(
    State(app): State<Arc<App>>,
    desk: Desk,
    request_id: RequestId,
    Form(fields): Form,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let ask = match read(&app, &mut tx, &desk, &fields).await? {
        Ok(ask) => ask,
        Err(errors) => return refused_page(&app, &desk, &mut tx, &fields, errors).await,
    };
    drop(tx);
    match begin(&app, Some(request_id), ask.run(&asker(&desk), true)).await {
        Ok(held) => {
            let path = format!("/console/exports/{}?word=started", held.export_run_id);
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
        }
        Err(ExportRefused::Flow(error)) => Err(error.into()),
        Err(refused) => {
            let (tx, errors) = (&mut app.db.read().await?, vec![fault("form", sentence(&refused))]);
            refused_page(&app, &desk, tx, &fields, errors).await
        }
    }
}

/// The page again, with what is wrong with what was sent.
async fn refused_page(
    app: &App,
    desk: &Desk,
    tx: &mut Tx,
    fields: &Fields,
    errors: Vec<Value>,
) -> Result<Response, Error> {
    page(app, desk, tx, fields, Value::Null, errors).await
}

async fn page(
    app: &App,
    desk: &Desk,
    tx: &mut Tx,
    fields: &Fields,
    found: Value,
    errors: Vec<Value>,
) -> Result<Response, Error> {
    let before = fields.one("before").parse::<Uuid>().ok();
    let (runs, more) = page_of(export_runs::list(tx, before, RUNS + 1).await?, RUNS);
    let last = runs.last().filter(|_| more).map(|run| run.export_run_id);
    let tokens = api_tokens::list(tx).await?;
    let refused = !errors.is_empty();
    let context = json!({
        "choices": Choices::read(tx).await?.context(),
        "asked": sent(fields),
        "errors": errors,
        "found": found,
        "runs": runs.iter().map(|run| row(app, run, &tokens)).collect::<Vec<_>>(),
        "newer": before.map(|_| "/console/exports"),
        "older": last.map(|id| format!("/console/exports?before={id}")),
    });
    let name = "console/exports.html";
    if refused { desk.refused(app, name, context) } else { desk.page(app, name, context) }
}

/// How many they are, the first of them, and what may be done with them.
async fn preview(app: &App, tx: &mut Tx, ask: &Ask) -> Result<Value, Error> {
    let (now, most) = (app.clock.now(), app.terms.streamed_most);
    // Counted no further than it matters: all of them would take seconds.
    let count = exports::count(tx, now, &ask.filter, most + 1).await?;
    let mut rows = vec![];
    exports::first(tx, now, &ask.filter, SHOWN).await?.read(|row| {
        rows.push(json!({
            "subscriber_id": row.subscriber_id, "email": row.email, "name": row.name,
            "organisation": row.organisation, "report": row.report,
            "policy": row.policy_version, "confirmed_at": row.confirmed_at,
        }));
        Ok::<(), sqlx::Error>(())
    })?;
    Ok(json!({
        "count": count.min(most),
        "is_more": count > most,
        "allows": allows(&ask.filter.purpose),
        "purpose": ask.filter.purpose,
        "rows": rows,
        "download": format!("/console/exports/consented?{}", ask.query()),
    }))
}

/// One export as lists show it.
fn row(app: &App, run: &ExportRun, tokens: &[TokenRow]) -> Value {
    let is_theirs = |token: &&TokenRow| api_token::actor(token.api_token_id) == run.actor;
    let token = tokens.iter().find(is_theirs).map(|token| token.name.as_str());
    json!({
        "id": run.export_run_id,
        "who": run.email.as_deref().or(token).unwrap_or(&run.actor),
        "at": run.created_at,
        "purpose": run.purpose,
        "filter": filter(run, &app.site.timezone),
        "format": run.format,
        "rows": run.rows_done,
        "state": run.state.as_str(),
        "sha256": run.sha256,
    })
}

/// What narrowed an export or changed its form, in words.
fn filter(run: &ExportRun, timezone: &TimeZone) -> Vec<String> {
    let preset = run.preset.as_deref().and_then(crate::export::Preset::named);
    [
        run.report.as_ref().map(|slug| format!("Report {slug}")),
        run.since.map(|at| format!("Confirmed from {}", timezone.since(at))),
        run.until.map(|at| format!("Confirmed until {}", timezone.until(at))),
        run.policy.as_ref().map(|label| format!("Policy {label}")),
        preset.map(|preset| format!("Columns for {}", preset.title())),
        run.links.then(|| "With links to unsubscribe".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
