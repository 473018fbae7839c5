//! Forgets what is no longer needed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::WorkerParts;
use crate::domain::contacts::export_run::FILE_KEPT;
use crate::domain::timestamp::Timestamp;
use crate::files::{Files, FilesError, Shelf};
use crate::flows::contacts::end_export::{end_abandoned, expire_export};
use crate::flows::contacts::purge::{expire, forget_ended, purge};
use crate::flows::ledger::check_events::EventChecker;
use crate::flows::{Error, Terms};
use crate::random::Moment;
use crate::store::Db;
use crate::store::contacts::outdated_exports::{self, OutdatedRun};

const EVERY: Duration = Duration::from_mins(10);
/// How long nothing is written to an upload before it is no longer under way: the slowest that is borne with sends a part in
/// minutes.
const PIECE_KEPT: Duration = Duration::from_hours(24);
/// Who left is looked for once a day: it takes a look at everybody.
const ROUNDS_A_DAY: u32 = 144;

/// Closes and deletes unconfirmed signups as their time comes, and once a day evidence that is no longer
/// kept, until `stop`.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    for round in (0..ROUNDS_A_DAY).cycle() {
        match forget(&parts.db, &parts.terms, &parts.moment()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(signups = count, "unconfirmed signups deleted"),
            Err(error) => tracing::error!(error = ?error, "the purge failed"),
        }
        if round == 0 {
            match forget_people(&parts.db, &parts.terms, &parts.moment()).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(people = count, "evidence past its time deleted"),
                Err(error) => tracing::error!(error = ?error, "the purge of evidence failed"),
            }
        }
        match forget_exports(&parts.db, &parts.files, &parts.moment()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(files = count, "exports past their time deleted"),
            Err(error) => tracing::error!(error = ?error, "the purge of exports failed"),
        }
        match forget_pieces(&parts.files, parts.moment().now).await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(files = count, "deleted what was left of uploads that broke off");
            }
            Err(error) => {
                tracing::error!(error = ?error, "the purge of uploads that broke off failed");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Deletes the unconfirmed signups whose time is over; returns how many.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn forget(db: &Db, terms: &Terms, at: &Moment) -> Result<usize, Error> {
    let mut tx = db.write().await?;
    expire(&mut tx, at.now).await?;
    tx.commit().await?;
    let checker = EventChecker::load(&mut db.read().await?, terms).await?;
    let (mut deleted, mut next) = (0, Some((Timestamp::EARLIEST, Uuid::nil())));
    while let Some(after) = next {
        let mut tx = db.write().await?;
        let purged = purge(&mut tx, at, (terms, &checker), after).await?;
        tx.commit().await?;
        deleted += purged.gone;
        next = purged.next;
    }
    Ok(deleted)
}

/// Why the files of exports could not be deleted.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// The database did not take it.
    #[error(transparent)]
    Flow(#[from] Error),
    /// The file store did not answer.
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl From<sqlx::Error> for ForgetError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// Deletes the files of exports whose time is over, also those of workers that died over them, and breaks off
/// downloads that died with their server; returns how many files.
///
/// # Errors
/// When the database or the file store does not answer; what was committed before stays done.
pub async fn forget_exports(db: &Db, files: &Files, at: &Moment) -> Result<usize, ForgetError> {
    let mut tx = db.write().await?;
    end_abandoned(&mut tx, at).await?;
    tx.commit().await?;
    let (mut deleted, mut after) = (0, (Timestamp::EARLIEST, Uuid::nil()));
    let mut refused = None;
    loop {
        let before = at.now.minus(FILE_KEPT);
        let outdated =
            outdated_exports::list_outdated(&mut db.read().await?, before, after).await?;
        let Some(last) = outdated.last() else { break };
        after = last.place();
        for OutdatedRun { export_run_id, file_key, .. } in outdated {
            // First the file: a row that still names it is found again.
            match files.delete(Shelf::Exports(export_run_id), &file_key).await {
                // Another hand wrote that: it stays as it is, for whoever looks into it.
                Err(error @ FilesError::NotOurs(_)) => {
                    tracing::error!(run = %export_run_id, error = ?error, "an export's row names a file that is not its own: nothing is deleted");
                    continue;
                }
                // It keeps no other file from going.
                Err(error @ FilesError::Link(_)) => {
                    refused.get_or_insert(error);
                    continue;
                }
                gone => gone?,
            }
            let mut tx = db.write().await?;
            expire_export(&mut tx, at, export_run_id).await?;
            tx.commit().await?;
            deleted += 1;
        }
    }
    // Later than any that a row names.
    deleted += files.sweep_exports(at.now.minus(2 * FILE_KEPT)).await?;
    refused.map_or(Ok(deleted), |error| Err(error.into()))
}

/// Deletes what is left of files of reports and covers whose upload broke off with its process; returns how many.
///
/// # Errors
/// When the file store does not answer.
pub async fn forget_pieces(files: &Files, now: Timestamp) -> Result<usize, FilesError> {
    files.sweep_pieces(now.minus(PIECE_KEPT)).await
}

/// Forgets the people whose evidence is no longer kept; returns how many.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn forget_people(db: &Db, terms: &Terms, at: &Moment) -> Result<usize, Error> {
    let checker = EventChecker::load(&mut db.read().await?, terms).await?;
    let (mut forgotten, mut next) = (0, Some(Uuid::nil()));
    while let Some(after) = next {
        let mut tx = db.write().await?;
        let purged = forget_ended(&mut tx, at, (terms, &checker), after).await?;
        tx.commit().await?;
        forgotten += purged.gone;
        next = purged.next;
    }
    if forgotten > 0 {
        db.forget_log().await;
    }
    Ok(forgotten)
}
