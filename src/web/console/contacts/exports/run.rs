//! `/console/exports/{id}`: one export, how far it is, its file, and who withdrew since.

use std::io;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::stream::{self, Stream, TryStreamExt};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::catalog::report::readable_size;
use crate::domain::contacts::export_run::{FILE_KEPT, RunState};
use crate::export::{TextFormat, WithdrawnRows, file_name};
use crate::files::{Files, Shelf};
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::consent::withdrawals::{self, Since, Withdrawal};
use crate::store::contacts::export_runs::{self, ExportRun};
use crate::store::ledger::epochs;
use crate::store::staff::api_tokens;
use crate::store::{Db, Tx};
use crate::web::Error;
use crate::web::console::contacts::exports::row::RunRow;
use crate::web::console::contacts::exports::run_page::{ExportPage, Removal, WithdrawnSince};
use crate::web::console::request_fields::Asked;
use crate::web::console::staff_session::StaffSession;
use crate::web::disclosure::audit_disclosure;
use crate::web::error::Gone;
use crate::web::export::file_headers;

/// How many who withdrew are read at once.
const AT_ONCE: i64 = 1000;
/// How many of them the page names.
const SHOWN: usize = 20;

async fn find(tx: &mut Tx, id: &str) -> Result<ExportRun, Error> {
    let id = id.parse::<Uuid>().map_err(|_| Error::NotFound)?;
    export_runs::find(tx, id).await?.ok_or(Error::NotFound)
}

/// The copy that a run made, by which it is told who left since; none before it was begun.
enum Copy {
    /// Before it was begun.
    None,
    /// Of before the ledger went on after a loss: who left since cannot be told any more.
    Stale,
    /// A copy.
    Since(Since),
}

async fn copy(tx: &mut Tx, run: &ExportRun) -> Result<Copy, Error> {
    let Some((cursor, at)) = run.ledger_cursor.zip(run.started_at) else { return Ok(Copy::None) };
    let resumed = epochs::list(tx).await?;
    if resumed.iter().any(|resumed| at <= resumed.resumed_at) {
        return Ok(Copy::Stale);
    }
    Ok(Copy::Since(Since { purpose: run.purpose.clone(), cursor, at }))
}

pub(super) async fn show(
    session: StaffSession,
    Path(id): Path<String>,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let run = find(&mut tx, &id).await?;
    // What was broken off may have been taken in part.
    let copy = copy(&mut tx, &run).await?;
    let stale = matches!(copy, Copy::Stale);
    let withdrawn = match copy {
        Copy::Since(since) if !run.state.is_open() => {
            let count = withdrawals::count_since(&mut tx, &since).await?;
            let shown = first(&mut tx, &since).await?;
            let shown = shown.into_iter().map(Removal::from).collect();
            Some(WithdrawnSince { count, shown })
        }
        _ => None,
    };
    let tokens = api_tokens::list(&mut tx).await?;
    let has_file = run.state == RunState::Done && run.file_key.is_some();
    let page = ExportPage {
        run: RunRow::new(&run, &tokens, &app.site.timezone),
        is_open: run.state.is_open(),
        is_job: run.is_job,
        expected: run.rows_expected,
        started_at: run.started_at,
        finished_at: run.finished_at,
        reason: run.reason.as_deref(),
        file: has_file.then(|| format!("/console/exports/{}/file", run.export_run_id)),
        size: run.byte_size.map(readable_size),
        until: run.finished_at.filter(|_| has_file).map(|at| at.plus(FILE_KEPT)),
        withdrawn,
        stale,
        word: (fields.one("word") == "started" && run.state.is_open())
            .then_some("The file is being made. You can leave this page and come back to it"),
    };
    session.show(&page)
}

/// A finished job's file, if it is the one that was made. That it was fetched is on record before its first byte.
pub(super) async fn file(
    session: StaffSession,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let app = &session.app;
    let run = find(&mut app.db.read().await?, &id).await?;
    let Some(key) = run.file_key.as_deref().filter(|_| run.state == RunState::Done) else {
        return Err(no_file(&run));
    };
    let day = app.site.timezone.day_of(run.created_at);
    let name = file_name(&run.filter(), day, run.format);
    let mut headers = file_headers(run.format.media_type(), &name);
    let size = run.byte_size.unwrap_or(0);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    if method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    let size = u64::try_from(size).unwrap_or(0);
    if !is_own_file(&app.files, &run, (key, size)).await? {
        tracing::error!(run = %run.export_run_id, key, "an export's file is not the one that was made");
        return Err(changed_file());
    }
    // Opened first, so that nothing is on record that was not to be had.
    let content = app.files.get(Shelf::Exports(run.export_run_id), key, 0..size).await?;
    let detail = json!({"run": run.export_run_id, "rows": run.rows_done, "sha256": run.sha256});
    audit_disclosure(app, &session.actor(), Disclosure::ExportFile, &detail).await?;
    Ok((headers, Body::from_stream(content)).into_response())
}

/// Who must be removed from a copy, as a file.
pub(super) async fn withdrawn(
    session: StaffSession,
    method: Method,
    Path(id): Path<String>,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let run = find(&mut tx, &id).await?;
    let asked = Some(fields.one("format")).filter(|format| !format.is_empty()).unwrap_or("csv");
    let format: TextFormat = asked.parse().map_err(|_| Error::NotFound)?;
    let Copy::Since(since) = copy(&mut tx, &run).await? else { return Err(Error::NotFound) };
    let name = format!("withdrawn-since-{}.{}", run.export_run_id, format.as_str());
    let headers = file_headers(format.media_type(), &name);
    if method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    let rows = withdrawals::count_since(&mut tx, &since).await?;
    let epoch = epochs::find_place(&mut tx).await?.epoch;
    drop(tx);
    let detail = json!({"run": run.export_run_id, "rows": rows, "format": format.as_str()});
    audit_disclosure(app, &session.actor(), Disclosure::WithdrawnSince, &detail).await?;
    let pieces = pieces(app.db.clone(), since, WithdrawnRows::begin(format, epoch)?);
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Where a file of those who left begins its next page.
enum Place {
    /// After this place of the ledger.
    Ended(i64),
    /// After this subscriber, among those who may not be written to any more.
    Stopped(Uuid),
}

/// The file page by page, each read by itself, for a browser may take its time. Who leaves meanwhile is in it.
fn pieces(
    db: Db,
    since: Since,
    rows: WithdrawnRows,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let begin = (db, rows, Some(Place::Ended(since.cursor)));
    stream::try_unfold(begin, move |(db, mut rows, place)| {
        let since = since.clone();
        async move {
            let Some(place) = place else { return Ok(None) };
            let mut tx = db.read().await.map_err(io::Error::other)?;
            let read = page(&mut tx, &since, place, AT_ONCE).await;
            let (page, next) = read.map_err(io::Error::other)?;
            drop(tx);
            page.iter().try_for_each(|withdrawal| rows.row(withdrawal))?;
            Ok(Some((Bytes::from(rows.take()?), (db, rows, next))))
        }
    })
}

/// Some of those who left, at most `count`, and where to go on.
async fn page(
    tx: &mut Tx,
    since: &Since,
    place: Place,
    count: i64,
) -> sqlx::Result<(Vec<Withdrawal>, Option<Place>)> {
    match place {
        Place::Ended(after) => {
            let page = withdrawals::list_since(tx, since, after, count).await?;
            if let Some(last) = page.last().and_then(|last| last.cursor) {
                return Ok((page, Some(Place::Ended(last))));
            }
            // In the same moment as the last place, for those who wait for one get it any time.
            let waiting = withdrawals::list_since_waiting(tx, since).await?;
            Ok((waiting, Some(Place::Stopped(Uuid::nil()))))
        }
        Place::Stopped(after) => {
            let page = withdrawals::list_stopped_since(tx, since, after, count).await?;
            let last = page.last().map(|last| Place::Stopped(last.subscriber_id));
            Ok((page, last))
        }
    }
}

/// The first of them, to show.
async fn first(tx: &mut Tx, since: &Since) -> sqlx::Result<Vec<Withdrawal>> {
    let mut all = vec![];
    let mut place = Some(Place::Ended(since.cursor));
    while let Some(next) = place.filter(|_| all.len() < SHOWN) {
        let (page, next) = page(tx, since, next, AT_ONCE).await?;
        all.extend(page);
        place = next;
    }
    all.truncate(SHOWN);
    Ok(all)
}

/// Whether what lies there is what a worker made of this run, by its name and by each of its bytes.
async fn is_own_file(
    files: &Files,
    run: &ExportRun,
    (key, size): (&str, u64),
) -> Result<bool, Error> {
    let shelf = Shelf::Exports(run.export_run_id);
    if !shelf.holds(key) {
        return Ok(false);
    }
    let mut content = files.get(shelf, key, 0..size).await?;
    let mut hash = Sha256::new();
    while let Some(piece) = content.try_next().await? {
        hash.update(&piece);
    }
    Ok(run.sha256.as_deref() == Some(HEXLOWER.encode(&hash.finalize()).as_str()))
}

fn changed_file() -> Error {
    let message = "It was changed since, and so nothing of it is handed out. Tell whoever runs this installation, \
                   and export again.";
    Gone {
        title: "This file is not the one that was made".to_owned(),
        message: message.to_owned(),
        fresh: None,
        start_again: Some("/console/exports".to_owned()),
    }
    .into()
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
