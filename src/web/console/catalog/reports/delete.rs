//! A draft that was made by mistake is deleted, with its files.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::domain::slug::Slug;
use crate::flows::catalog::delete_report::delete_draft;
use crate::store::catalog::reports;
use crate::web::address::key;
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::catalog::reports::summary::summary;
use crate::web::console::desk::{Desk, Form, fault, show};
use crate::web::console::form::{FieldError, is_sure};
use crate::web::http::upload;
use crate::web::{App, Error};

/// Says what goes, and asks.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug_text): Path<String>,
) -> Result<Response, Error> {
    page(&app, &desk, &key(&slug_text)?, None).await
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    if !is_sure(&fields) {
        let words = "Tick the box if the draft is to be deleted";
        return page(&app, &desk, &slug, Some(fault("sure", words))).await;
    }
    let mut tx = app.db.write().await?;
    let files = match delete_draft(&mut tx, &app.moment(), &desk.actor(), &slug).await {
        Ok(files) => files,
        Err(error) => {
            drop(tx);
            return page(&app, &desk, &slug, Some(refusal(error)?)).await;
        }
    };
    tx.commit().await?;
    upload::remove(&app.files, files.file_key);
    if let Some(cover) = files.cover_key {
        upload::remove(&app.files, cover);
    }
    app.catalog.refresh().await;
    Ok(Redirect::to("/console/reports?word=deleted").into_response())
}

async fn page(
    app: &App,
    desk: &Desk,
    slug: &Slug,
    error: Option<FieldError>,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let report = reports::find(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let status = if error.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let errors: Vec<FieldError> = error.into_iter().collect();
    let context = json!({"report": summary(&report), "errors": errors});
    show(app, Some(desk), "console/report_delete.html", context, status)
}
