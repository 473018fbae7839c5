//! The work of an export asked for at the console, the same whether a browser or a file takes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;
use crate::export::{self, ExportError, Out, Wanted, Written};
use crate::flows::contacts::allow_export::{ExportRefused, allow_export};
use crate::flows::ledger::keep_verdict::{find_seen, keep_verdict};
use crate::flows::{Error, Terms};
use crate::random::{Moment, Random};
use crate::store::Db;
use crate::store::contacts::export_runs::{self, HeldRun};
use crate::store::contacts::exports;
use crate::store::ledger::checkpoints;
use crate::store::ledger::verdicts::Verdict;
use crate::store::snapshot::Snapshot;

/// How often it is noted how far a run is, by which it is also kept.
const NOTE_EVERY: Duration = Duration::from_secs(2);

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing may be exported.
    #[error(transparent)]
    Refused(#[from] ExportRefused),
    /// It stopped on the way.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The database did not answer.
    #[error(transparent)]
    Flow(#[from] Error),
    /// Somebody else works on it by now.
    #[error("another worker took this export over")]
    Lost,
}

impl From<sqlx::Error> for RunError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// Writes a run's contacts to `out`, all from one moment, which is noted first; returns what was written and
/// the ledger's place at that moment. `rows` tells meanwhile how many were read.
///
/// # Errors
/// Says why it stopped.
pub async fn write_export(
    (db, terms): (&Db, &Terms),
    (clock, random): (&Clock, &Random),
    held: HeldRun,
    wanted: Wanted<'_>,
    out: impl Out,
    rows: &AtomicU64,
) -> Result<(Written, i64), RunError> {
    let now = clock.now();
    // One moment for the verdict, the place in the ledger and the contacts.
    let mut snapshot = db.snapshot().await?;
    let tx = snapshot.tx();
    allow_export(tx, terms, now).await?;
    let cursor = checkpoints::find_size(tx).await? - 1;
    let expected = exports::count(tx, now, wanted.filter, i64::MAX).await?;
    let mut noting = db.write().await?;
    if !export_runs::mark_started(&mut noting, now, held, cursor, Some(expected)).await? {
        return Err(RunError::Lost);
    }
    noting.commit().await?;
    let at = (now, clock, random);
    let written = write_or_condemn((db, terms), at, snapshot, wanted, out, |read| {
        rows.store(read, Ordering::Relaxed);
    })
    .await?;
    Ok((written, cursor))
}

/// Writes the contacts of this moment to `out`. Should one rest on what this program did not write, the verdict on the
/// ledger says so from then on, and nothing is exported until a check finds all sound again.
///
/// # Errors
/// As [`export::write`].
pub async fn write_or_condemn(
    (db, terms): (&Db, &Terms),
    (now, clock, random): (Timestamp, &Clock, &Random),
    snapshot: Snapshot,
    wanted: Wanted<'_>,
    out: impl Out,
    progress: impl FnMut(u64) + Send,
) -> Result<Written, ExportError> {
    let written = export::write(snapshot, now, wanted, out, progress).await;
    if let Err(ExportError::Changed(what)) = &written {
        // What was found is what stops the export, whether or not it can be kept.
        if let Err(error) = condemn(db, terms, &Moment::of(clock, random), what).await {
            tracing::error!(error = ?error, "what an export found wrong could not be kept");
        }
    }
    written
}

async fn condemn(db: &Db, terms: &Terms, at: &Moment, what: &str) -> Result<(), Error> {
    let mut tx = db.read().await?;
    let size = checkpoints::find_size(&mut tx).await?;
    let seen = find_seen(&mut tx).await?;
    drop(tx);
    let finding = Some(what.to_owned());
    let verdict = Verdict { checked_at: at.now, size, finding, warning: None };
    keep_verdict(db, at, terms, &verdict, seen).await?;
    Ok(())
}

/// Notes again and again how far a run is; returns when it is somebody else's.
pub async fn keep_export(db: &Db, clock: &Clock, held: HeldRun, rows: &AtomicU64) {
    loop {
        tokio::time::sleep(NOTE_EVERY).await;
        match note(db, clock, held, rows).await {
            Ok(true) => {}
            Ok(false) => return,
            // Its lease is long enough for some more tries.
            Err(error) => tracing::warn!(error = ?error, "an export's progress could not be noted"),
        }
    }
}

async fn note(db: &Db, clock: &Clock, held: HeldRun, rows: &AtomicU64) -> sqlx::Result<bool> {
    let done = i64::try_from(rows.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
    let mut tx = db.write().await?;
    let kept = export_runs::renew(&mut tx, clock.now(), held, done).await?;
    tx.commit().await?;
    Ok(kept)
}
