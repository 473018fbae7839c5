//! `/console/ledger`: the newest checkpoint, the key to check it with, and checking all of it.

pub(super) mod page;
mod time_stamps;
mod witnesses;

use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use self::page::{LastCheck, LedgerPage, Progress, ShownCheckpoint, ShownVerdict};
use self::time_stamps::ShownStamps;
use self::witnesses::ShownWitness;
use super::route::Route;
use super::staff_session::StaffSession;
use crate::domain::staff::right::Right;
use crate::flows::ledger::cosigned_head::CosignedHead;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::store::alarms;
use crate::store::ledger::checkpoints;
use crate::web::Error;
use crate::web::state::ledger_check::Parts;

const PATH: &str = "/console/ledger";

/// Up to how many events that wait are counted: after a large import they are many, for some seconds.
const WAITING: i64 = 10_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, Right::See, show),
        Route::get("/console/ledger/checkpoint", Right::See, checkpoint),
        Route::post("/console/ledger/verify", Right::CheckLedger, verify),
    ]
}

async fn show(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    // Before the verdict: of a check that is over by now, that is kept already.
    let running = app.ledger_check.running().map(|progress| {
        let (done, size) = progress.so_far();
        Progress { done, size }
    });
    let mut tx = app.db.read().await?;
    let newest = CosignedHead::find(&mut tx).await?;
    let waiting = checkpoints::count_unsealed(&mut tx, WAITING + 1).await?;
    let size = newest.as_ref().map(|newest| newest.head.size);
    let set = &app.settings.witnesses;
    let signed = witnesses::read(&mut tx, set, size).await?;
    let standing = alarms::list(&mut tx).await?;
    let at = app.moment();
    let asked = (app.stamps_checkpoints, standing.as_slice());
    let stamps = ShownStamps::find(&mut tx, app.settings.at(&at), asked).await?;
    let verdict = find_verdict(&mut tx, &app.settings.evidence_key).await?;
    drop(tx);
    let beside = (size, standing.as_slice());
    let shown = set.iter().zip(&signed).map(|(key, rows)| ShownWitness::of(key, rows, beside));
    let key = app.settings.ledger_keys.first().vkey();
    let last = app.ledger_check.last().filter(|last| last.is_told_beside(verdict.as_ref()));
    let page = LedgerPage {
        checkpoint: newest.map(|newest| ShownCheckpoint::of(&newest, set)),
        waiting: waiting.min(WAITING),
        more_wait: waiting > WAITING,
        vkey: key.to_string(),
        fingerprint: key.fingerprint(),
        witnesses: shown.collect(),
        stamps,
        verdict: verdict.map(ShownVerdict::from),
        running,
        last: last.as_deref().map(LastCheck::from),
    };
    session.show(&page)
}

async fn verify(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let parts = Parts {
        db: app.db.clone(),
        settings: app.settings.clone(),
        clock: app.clock.clone(),
        random: app.random.clone(),
    };
    app.ledger_check.begin(parts, session.actor()).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// The newest checkpoint as a file, to keep beside what one knows of the ledger.
async fn checkpoint(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let newest = CosignedHead::find(&mut app.db.read().await?).await?.ok_or(Error::NotFound)?;
    let disposition = format!("attachment; filename=\"checkpoint-{}.txt\"", newest.head.size);
    let note = newest.note(&app.settings.witnesses);
    let kind = "text/plain; charset=utf-8".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], note)
        .into_response())
}
