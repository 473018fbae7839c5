//! One export on its way. That it was asked for is on record before the first byte, and what it was before the
//! last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;
use uuid::Uuid;

use super::ask::Ask;
use super::stream::{ToBrowser, to_browser};
use crate::domain::request_id::RequestId;
use crate::domain::sentence::sentence;
use crate::export::{Wanted, file_name};
use crate::flows::contacts::allow_export::ExportRefused;
use crate::flows::contacts::begin_export::begin_export;
use crate::flows::contacts::write_export::Exporting;
use crate::sealing::before_export::allow_to_begin;
use crate::store::contacts::export_runs::{HeldRun, NewExportRun};
use crate::web::{App, Error};

/// How many exports go straight to browsers and programs at once: each reads for as long as its reader takes.
pub const AT_ONCE: usize = 2;
/// How long to wait for one's turn.
const TURN: Duration = Duration::from_secs(10);

/// Who asks for contacts.
pub(in crate::web) struct Asker {
    /// As the audit names them.
    pub actor: String,
    /// Their account, if it is one.
    pub staff_id: Option<Uuid>,
}

/// Names the run in the head of its file: whoever fetches it can ask how it ended, for some proxies end an answer that
/// was broken off as if it were whole.
const EXPORT_ID: HeaderName = HeaderName::from_static("x-export-id");

/// Why nothing is sent.
pub(in crate::web) enum NotSent {
    /// Others have all the turns.
    Busy,
    /// Nothing may be exported now.
    Refused(ExportRefused),
    /// It could not be written down.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for NotSent {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Ask {
    /// This wish of somebody as a run.
    pub(in crate::web) fn run<'a>(&'a self, asker: &'a Asker, is_job: bool) -> NewExportRun<'a> {
        NewExportRun {
            actor: &asker.actor,
            staff_id: asker.staff_id,
            filter: &self.filter,
            format: self.format,
            preset: self.preset,
            links: self.links,
            is_job,
        }
    }
}

/// The headers of the file that is asked for.
pub(in crate::web) fn headers(app: &App, ask: &Ask) -> HeaderMap {
    let today = app.site.timezone.day_of(app.clock.now());
    let name = file_name(&ask.filter, today, ask.format);
    file_headers(ask.format.media_type(), &name)
}

/// The headers of a file to take away.
pub(in crate::web) fn file_headers(media_type: &'static str, name: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).ok();
    headers.extend(disposition.map(|name| (header::CONTENT_DISPOSITION, name)));
    headers
}

/// Writes down that somebody asked, where an export may begin.
pub(in crate::web) async fn begin(
    app: &App,
    request_id: Option<RequestId>,
    run: NewExportRun<'_>,
) -> Result<HeldRun, ExportRefused> {
    allow_to_begin(&app.db, &app.settings, &app.clock, &app.random).await?;
    let at = app.moment().for_request(request_id);
    app.db.run(|tx| Box::pin(begin_export(tx, &at, run))).await
}

/// Waits for a turn, writes down that it was asked for, and sends it. Whoever calls holds no connection to the
/// database: nobody waits for their turn with one in hand.
pub(in crate::web) async fn send(
    app: &Arc<App>,
    asker: Asker,
    ask: Ask,
) -> Result<Response, NotSent> {
    let mut headers = headers(app, &ask);
    let waiting = app.export_places.clone().acquire_owned();
    let Ok(Ok(place)) = tokio::time::timeout(TURN, waiting).await else {
        return Err(NotSent::Busy);
    };
    let held = match begin(app, None, ask.run(&asker, false)).await {
        Ok(held) => held,
        Err(ExportRefused::Flow(error)) => return Err(error.into()),
        Err(refusal) => return Err(NotSent::Refused(refusal)),
    };
    let id = HeaderValue::try_from(held.export_run_id.to_string()).ok();
    headers.extend(id.map(|id| (EXPORT_ID, id)));
    let rows = Arc::new(AtomicU64::new(0));
    let (browser, body) = to_browser(rows.clone());
    let actor = asker.actor;
    // It goes on without the request, so that it is written down how it ended.
    let sending = Sending { app: app.clone(), actor, ask, held, rows, place };
    tokio::spawn(sending.run(browser).in_current_span());
    Ok((headers, body).into_response())
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
        let (app, ask, run) = (&self.app, &self.ask, self.held.export_run_id);
        let exporting = Exporting {
            db: &app.db,
            settings: &app.settings,
            clock: &app.clock,
            random: &app.random,
            actor: &self.actor,
            wanted: Wanted {
                filter: &ask.filter,
                format: ask.format,
                preset: ask.preset,
                links: ask.links.then_some(&app.links),
                authority: app.settings.authority(),
                scratch: &app.data_dir,
            },
            held: Some(self.held),
        };
        let rows = &self.rows;
        let write = async {
            let progress = |read| rows.store(read, Ordering::Relaxed);
            let made = exporting.write(&mut browser, progress).await?;
            exporting.record(&made, None).await
        };
        let written = Box::pin(exporting.keep(rows, write)).await;
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
                if let Err(error) = exporting.break_off(rows, &sentence(&error)).await {
                    // Its lease runs out, and then it is.
                    tracing::error!(%run, error = ?error, "that could not be written down");
                }
            }
        }
    }
}
