//! `/console/exports/consented`: contacts straight to the browser. That they were asked for is on record
//! before the first byte, and what they were before the last.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;

use super::ask::{Ask, Choices};
use super::refused_page;
use super::stream::{ToBrowser, to_browser};
use crate::domain::sentence::sentence;
use crate::export::{Preset, Wanted, file_name};
use crate::flows::allow_export::ExportRefused;
use crate::flows::begin_export::begin_export;
use crate::flows::end_export::{break_off_export, finish_export};
use crate::flows::record_export::ExportRecord;
use crate::flows::write_export::{RunError, keep_export, write_export};
use crate::store::export_runs::{HeldRun, NewExportRun};
use crate::store::exports;
use crate::web::console::desk::{Asked, Desk, fault};
use crate::web::{App, Error};

/// How long to wait for one's turn.
const TURN: Duration = Duration::from_secs(10);

pub(super) async fn download(
    State(app): State<Arc<App>>,
    desk: Desk,
    method: Method,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let ask = match Choices::read(&mut tx).await?.parse(desk.role, &fields) {
        Ok(ask) => ask,
        Err(errors) => return refused_page(&app, &desk, &mut tx, &fields, errors).await,
    };
    let name = file_name(&ask.filter, app.clock.now(), ask.format);
    let headers = file_headers(ask.format.media_type(), &name);
    // HEAD says what GET would send, and exports nothing.
    if method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    let refused = async |words: &str| {
        let tx = &mut app.db.read().await?;
        refused_page(&app, &desk, tx, &fields, vec![fault("form", words)]).await
    };
    let most = app.terms.streamed_most;
    let count = exports::count(&mut tx, app.clock.now(), &ask.filter, most + 1).await?;
    // Nobody waits for their turn with a connection in hand.
    drop(tx);
    if count > most {
        return refused(
            "These are too many to send while you wait: have the file made in the background",
        )
        .await;
    }
    let waiting = app.export_places.clone().acquire_owned();
    let Ok(Ok(place)) = tokio::time::timeout(TURN, waiting).await else {
        return refused("Other exports are under way. Try again when one of them has finished")
            .await;
    };
    let mut noting = app.db.write().await?;
    let actor = desk.actor();
    let new = new_run(&ask, &actor, &desk, false);
    let held = match begin_export(&mut noting, &app.moment(), new).await {
        Ok(held) => held,
        Err(ExportRefused::Flow(error)) => return Err(error.into()),
        Err(refusal) => {
            drop(noting);
            return refused(&sentence(&refusal)).await;
        }
    };
    noting.commit().await?;
    let rows = Arc::new(AtomicU64::new(0));
    let (browser, body) = to_browser(rows.clone());
    // It goes on without the request, so that it is written down how it ended.
    tokio::spawn(Sending { app: app.clone(), actor, ask, held, rows, place }.run(browser));
    Ok((headers, body).into_response())
}

/// What somebody at the desk asks for, as a run.
pub(super) fn new_run<'a>(
    ask: &'a Ask,
    actor: &'a str,
    desk: &Desk,
    is_job: bool,
) -> NewExportRun<'a> {
    NewExportRun {
        actor,
        staff_id: Some(desk.staff_id),
        filter: &ask.filter,
        format: ask.format.as_str(),
        preset: ask.preset.map(Preset::as_str),
        links: ask.links,
        is_job,
    }
}

/// The headers of a file to take away.
pub(super) fn file_headers(media_type: &'static str, name: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).ok();
    headers.extend(disposition.map(|name| (header::CONTENT_DISPOSITION, name)));
    headers
}

/// An export on its way.
struct Sending {
    app: Arc<App>,
    actor: String,
    ask: Ask,
    held: HeldRun,
    rows: Arc<AtomicU64>,
    place: OwnedSemaphorePermit,
}

impl Sending {
    async fn run(self, mut browser: ToBrowser) {
        let run = self.held.export_run_id;
        let written = tokio::select! {
            written = self.write(&mut browser) => written,
            () = keep_export(&self.app.db, &self.app.clock, self.held, &self.rows) => Err(RunError::Lost),
        };
        drop(self.place);
        match written {
            // On record; if the browser goes away now, it is still told as whole, which is the safe side.
            Ok(()) => {
                if let Err(error) = browser.finish().await {
                    tracing::info!(%run, error = ?error, "the end of an export was not taken");
                }
            }
            Err(error) => {
                tracing::warn!(%run, error = ?error, "an export was broken off");
                let rows = i64::try_from(browser.sent).unwrap_or(i64::MAX);
                browser.break_off().await;
                let noted = note_end(&self.app, &self.actor, self.held, rows, &error).await;
                if let Err(error) = noted {
                    // Its lease runs out, and then it is.
                    tracing::error!(%run, error = ?error, "that could not be written down");
                }
            }
        }
    }

    async fn write(&self, browser: &mut ToBrowser) -> Result<(), RunError> {
        let Self { app, ask, held, .. } = self;
        let links = ask.links.then_some(&app.links);
        let wanted = Wanted {
            filter: &ask.filter,
            format: ask.format,
            preset: ask.preset,
            links,
            scratch: &app.data_dir,
        };
        let (written, cursor) =
            write_export(&app.db, &app.clock, *held, wanted, browser, &self.rows).await?;
        let run_id = Some(held.export_run_id);
        let record = ExportRecord { run_id, wanted, written, cursor };
        let mut tx = app.db.write().await?;
        let finished =
            finish_export(&mut tx, &app.moment(), &self.actor, *held, &record, None).await?;
        if !finished {
            return Err(RunError::Lost);
        }
        Ok(tx.commit().await?)
    }
}

async fn note_end(
    app: &App,
    actor: &str,
    held: HeldRun,
    rows: i64,
    error: &RunError,
) -> Result<(), Error> {
    let mut tx = app.db.write().await?;
    break_off_export(&mut tx, &app.moment(), actor, held, rows, &sentence(error)).await?;
    tx.commit().await?;
    Ok(())
}
