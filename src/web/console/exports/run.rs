//! `/console/exports/{id}`: one export, how far it is, its file, and who withdrew since.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use serde_json::json;
use uuid::Uuid;

use super::download::file_headers;
use super::row;
use crate::domain::export_run::{FILE_KEPT, RunState};
use crate::domain::report::readable_size;
use crate::export::{Format, TextFormat, WithdrawnRows};
use crate::flows::record_disclosure::{Disclosure, record_disclosure};
use crate::store::Tx;
use crate::store::export_runs::{self, ExportRun};
use crate::store::withdrawals::{self, Since};
use crate::web::console::desk::{Asked, Desk};
use crate::web::error::Gone;
use crate::web::{App, Error};

/// How many who withdrew are read at once.
const AT_ONCE: i64 = 1000;

async fn find(tx: &mut Tx, id: &str) -> Result<ExportRun, Error> {
    let id = id.parse::<Uuid>().map_err(|_| Error::NotFound)?;
    export_runs::find(tx, id).await?.ok_or(Error::NotFound)
}

/// The copy that a run made; none before it was begun.
fn copy(run: &ExportRun) -> Option<Since> {
    let (cursor, at) = run.ledger_cursor.zip(run.started_at)?;
    Some(Since { purpose: run.purpose.clone(), cursor, at })
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let run = find(&mut tx, &id).await?;
    // What was broken off may have been taken in part.
    let withdrawn = match copy(&run).filter(|_| !run.state.is_open()) {
        Some(since) => Some(withdrawals::count_since(&mut tx, &since).await?),
        None => None,
    };
    let has_file = run.state == RunState::Done && run.file_key.is_some();
    let context = json!({
        "run": row(&run),
        "is_open": run.state.is_open(),
        "is_job": run.is_job,
        "expected": run.rows_expected,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "reason": run.reason,
        "file": has_file.then(|| format!("/console/exports/{}/file", run.export_run_id)),
        "size": run.byte_size.map(readable_size),
        "until": run.finished_at.filter(|_| has_file).map(|at| at.plus(FILE_KEPT)),
        "withdrawn": withdrawn,
        "word": (fields.one("word") == "started")
            .then_some("The file is being made. You can leave this page and come back to it"),
    });
    desk.page(&app, "console/export.html", context)
}

/// A finished job's file. That it was fetched is on record before its first byte.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    desk: Desk,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let run = find(&mut app.db.read().await?, &id).await?;
    let Some(key) = run.file_key.as_deref().filter(|_| run.state == RunState::Done) else {
        return Err(no_file(&run));
    };
    let format = Format::named(&run.format).unwrap_or(Format::Csv);
    let day = run.created_at.to_string();
    let day = day.split('T').next().unwrap_or_default();
    let name = format!("{}-{day}.{}", run.purpose.as_str().replace(':', "-"), format.as_str());
    let mut headers = file_headers(format.media_type(), &name);
    let size = run.byte_size.unwrap_or(0);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    if method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    // Opened first, so that nothing is on record that was not to be had.
    let content = app.files.get(key, 0..u64::try_from(size).unwrap_or(0)).await?;
    let detail = json!({"run": run.export_run_id, "rows": run.rows_done, "sha256": run.sha256});
    disclose(&app, &desk, Disclosure::ExportFile, &detail).await?;
    Ok((headers, Body::from_stream(content)).into_response())
}

/// Who must be removed from a copy, as a file.
pub(super) async fn withdrawn(
    State(app): State<Arc<App>>,
    desk: Desk,
    method: Method,
    Path(id): Path<String>,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let run = find(&mut tx, &id).await?;
    let asked = Some(fields.one("format")).filter(|format| !format.is_empty()).unwrap_or("csv");
    let format = TextFormat::named(asked).ok_or(Error::NotFound)?;
    let since = copy(&run).ok_or(Error::NotFound)?;
    let media_type = match format {
        TextFormat::Csv => Format::Csv.media_type(),
        TextFormat::Ndjson => Format::Ndjson.media_type(),
    };
    let name = format!("withdrawn-since-{}.{}", run.export_run_id, format.as_str());
    let headers = file_headers(media_type, &name);
    if method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    let rows = withdrawals::count_since(&mut tx, &since).await?;
    let detail = json!({"run": run.export_run_id, "rows": rows, "format": format.as_str()});
    disclose(&app, &desk, Disclosure::WithdrawnSince, &detail).await?;
    let pieces = pieces(tx, since, WithdrawnRows::begin(format)?);
    Ok((headers, Body::from_stream(pieces)).into_response())
}

async fn disclose(
    app: &App,
    desk: &Desk,
    what: Disclosure,
    detail: &serde_json::Value,
) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    record_disclosure(&mut tx, &app.moment(), &desk.actor(), what, detail).await?;
    Ok(tx.commit().await?)
}

/// Where a file of withdrawals is.
enum Place {
    /// After this place of the ledger.
    After(i64),
    /// At those that wait for a place.
    Waiting,
    /// At its end.
    End,
}

/// The file page by page, all from the moment at which they were counted.
fn pieces(
    tx: Tx,
    since: Since,
    rows: WithdrawnRows,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let begin = (tx, rows, Place::After(since.cursor));
    stream::try_unfold(begin, move |(mut tx, mut rows, place)| {
        let since = since.clone();
        async move {
            let (page, next) = match place {
                Place::After(after) => {
                    let page = withdrawals::list_since(&mut tx, &since, after, AT_ONCE)
                        .await
                        .map_err(io::Error::other)?;
                    let next = page.last().and_then(|last| last.cursor);
                    (page, next.map_or(Place::Waiting, Place::After))
                }
                Place::Waiting => {
                    let page = withdrawals::list_since_waiting(&mut tx, &since).await;
                    (page.map_err(io::Error::other)?, Place::End)
                }
                Place::End => return Ok(None),
            };
            page.iter().try_for_each(|withdrawal| rows.row(withdrawal))?;
            Ok(Some((Bytes::from(rows.take()?), (tx, rows, next))))
        }
    })
}

fn no_file(run: &ExportRun) -> Error {
    if run.state == RunState::Expired {
        let message = "Files are deleted a day after they are made. Export again: the new file holds who may \
                       be written to now.";
        return Gone {
            title: "This file has been deleted".to_owned(),
            message: message.to_owned(),
            fresh: None,
            start_again: Some("/console/exports".to_owned()),
        }
        .into();
    }
    Error::NotFound
}
