//! `/console/exports`: contacts as files. What is asked for is counted and shown before it is taken away.

mod download;
pub(in crate::web::console) mod page;
mod row;
mod run;
pub(in crate::web::console) mod run_page;
mod wish;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::request_id::RequestId;
use crate::domain::sentence::sentence;
use crate::domain::staff::right::Right;
use crate::flows::contacts::allow_export::ExportRefused;
use crate::web::Error;
use crate::web::console::contacts::exports::wish::{asker, page, preview, read};
use crate::web::console::form::fault;
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::export::begin;

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

async fn show(session: StaffSession, Asked(fields): Asked) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    // A link may choose some of it beforehand; the form sends all its fields.
    if fields.all("purpose").is_empty() {
        return page(&session, &mut tx, &fields, Ok(None)).await;
    }
    match read(&mut tx, &session, &fields).await? {
        Ok(ask) => {
            let found = preview(app, &mut tx, &ask).await?;
            page(&session, &mut tx, &fields, Ok(Some(found))).await
        }
        Err(errors) => page(&session, &mut tx, &fields, Err(errors)).await,
    }
}

/// Has a file made in the background.
async fn start(
    session: StaffSession,
    request_id: RequestId,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let ask = match read(&mut tx, &session, &fields).await? {
        Ok(ask) => ask,
        Err(errors) => return page(&session, &mut tx, &fields, Err(errors)).await,
    };
    drop(tx);
    match begin(app, Some(request_id), ask.run(&asker(&session), true)).await {
        Ok(held) => {
            let path = format!("/console/exports/{}?word=started", held.export_run_id);
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response())
        }
        Err(ExportRefused::Flow(error)) => Err(error.into()),
        Err(refused) => {
            let (tx, errors) = (&mut app.db.read().await?, vec![fault("form", sentence(&refused))]);
            page(&session, tx, &fields, Err(errors)).await
        }
    }
}
