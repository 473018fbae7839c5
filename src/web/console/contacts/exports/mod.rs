//! `/console/exports`: contacts as files. What is asked for is counted and shown before it is taken away.

mod download;
pub(in crate::web::console) mod page;
mod row;
mod run;
pub(in crate::web::console) mod run_page;
mod wish;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::request_id::RequestId;
use crate::domain::sentence::sentence;
use crate::domain::staff::right::Right;
use crate::flows::contacts::allow_export::ExportRefused;
use crate::web::console::contacts::exports::wish::{asker, page, preview, read, refused_page};
use crate::web::console::form::fault;
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::export::begin;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/exports", Right::Export, show),
        Route::post("/console/exports", Right::Export, start),
        Route::take("/console/exports/consented", Right::Export, download::download),
        Route::get("/console/exports/{id}", Right::Export, run::show),
        Route::take("/console/exports/{id}/file", Right::Export, run::file),
        Route::take("/console/exports/{id}/withdrawn", Right::Export, run::withdrawn),
    ]
}

async fn show(
    State(app): State<Arc<App>>,
    session: StaffSession,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    // A link may choose some of it beforehand; the form sends all its fields.
    if fields.all("purpose").is_empty() {
        return page(&app, &session, &mut tx, &fields, None, vec![]).await;
    }
    match read(&app, &mut tx, &session, &fields).await? {
        Ok(ask) => {
            let found = preview(&app, &mut tx, &ask).await?;
            page(&app, &session, &mut tx, &fields, Some(found), vec![]).await
        }
        Err(errors) => refused_page(&app, &session, &mut tx, &fields, errors).await,
    }
}

/// Has a file made in the background.
async fn start(
    State(app): State<Arc<App>>,
    session: StaffSession,
    request_id: RequestId,
    Form(fields): Form,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let ask = match read(&app, &mut tx, &session, &fields).await? {
        Ok(ask) => ask,
        Err(errors) => return refused_page(&app, &session, &mut tx, &fields, errors).await,
    };
    drop(tx);
    match begin(&app, Some(request_id), ask.run(&asker(&session), true)).await {
        Ok(held) => {
            let path = format!("/console/exports/{}?word=started", held.export_run_id);
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
        }
        Err(ExportRefused::Flow(error)) => Err(error.into()),
        Err(refused) => {
            let (tx, errors) = (&mut app.db.read().await?, vec![fault("form", sentence(&refused))]);
            refused_page(&app, &session, tx, &fields, errors).await
        }
    }
}
