//! The work of an export, the same whoever asks for it: a browser, a program, a job of the background, a command.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::ledger::cursor::Cursor;
use crate::export::{self, AsOf, ExportError, Out, Wanted, Written};
use crate::flows::contacts::allow_export::{ExportRefused, allow_export};
use crate::flows::contacts::end_export::break_off_export;
use crate::flows::contacts::record_export::{ExportRecord, record_export};
use crate::flows::ledger::keep_verdict::{find_seen, keep_verdict};
use crate::flows::{Act, Error, FlowSettings};
use crate::random::{Moment, Random};
use crate::store::Db;
use crate::store::contacts::export_runs::{self, BrokenExport, HeldRun, StartedRun};
use crate::store::contacts::exportable;
use crate::store::ledger::checkpoints;
use crate::store::ledger::epochs::{self, LedgerPlace};
use crate::store::ledger::verdicts::Verdict;

/// How often it is recorded how far a run is, by which it is also kept.
const RECORDED_EVERY: Duration = Duration::from_secs(2);

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum WriteExportError {
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

impl From<sqlx::Error> for WriteExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// An export: what somebody takes away, and by which run, where it was asked for at the console or by a program. A
/// command has none.
#[derive(Clone, Copy)]
pub struct Exporting<'a> {
    /// The database that it is read from.
    pub db: &'a Db,
    /// What use cases go by.
    pub settings: &'a FlowSettings,
    /// What time it is.
    pub clock: &'a Clock,
    /// Where keys come from.
    pub random: &'a Random,
    /// Who, as the audit names them.
    pub actor: &'a str,
    /// What it is to hold.
    pub wanted: Wanted<'a>,
    /// Its run, held by whoever makes it.
    pub held: Option<HeldRun>,
}

/// What an export holds.
#[derive(Clone, Copy)]
pub struct Made {
    /// Its rows and the hash of its bytes.
    pub written: Written,
    /// The ledger's place at that moment: who left later stands behind it.
    pub place: Cursor,
}

impl Exporting<'_> {
    /// Writes its contacts to `out`, all from one moment, which its run records first. `progress` is told how many were
    /// read. Should one rest on what this program did not write, the verdict on the ledger says so from then on, and
    /// nothing is exported until a check finds all sound again.
    ///
    /// # Errors
    /// Says why it stopped.
    pub async fn write(
        &self,
        out: impl Out,
        progress: impl FnMut(u64) + Send,
    ) -> Result<Made, WriteExportError> {
        let Self { db, settings, clock, random, wanted, .. } = self;
        let now = clock.now();
        // One moment for the verdict, the place in the ledger and the contacts.
        let mut snapshot = db.snapshot().await?;
        let tx = snapshot.tx();
        allow_export(tx, settings, now).await?;
        let LedgerPlace { epoch, size, .. } = epochs::find_place(tx).await?;
        let place = Cursor { epoch, after: size - 1 };
        if let Some(held) = self.held {
            let rows_expected = exportable::count(tx, now, wanted.filter, i64::MAX).await?;
            let started = StartedRun { held, ledger_cursor: place.after, rows_expected };
            let marked = db.run(|tx| Box::pin(export_runs::mark_started(tx, now, &started)));
            if !marked.await? {
                return Err(WriteExportError::Lost);
            }
        }
        let written = export::write(AsOf { snapshot, now }, *wanted, out, progress).await;
        if let Err(ExportError::Changed(what)) = &written {
            // What was found is what stops the export, whether or not it can be kept.
            if let Err(error) = condemn(db, settings, &Moment::new(clock, random), what).await {
                tracing::error!(error = ?error, "what an export found wrong could not be kept");
            }
        }
        Ok(Made { written: written?, place })
    }

    /// Has it on record, before its last byte is given: who, when, what, how many and the hash. `file` is where a job's
    /// lies, and its size in bytes.
    ///
    /// # Errors
    /// [`WriteExportError::Lost`] when its run is somebody else's by now, and when the database does not take it.
    pub async fn record(
        &self,
        made: &Made,
        file: Option<(&str, i64)>,
    ) -> Result<(), WriteExportError> {
        let Made { written, place } = *made;
        let record = ExportRecord {
            held: self.held,
            wanted: self.wanted,
            written,
            cursor: place.after,
            file,
        };
        let act = self.act();
        let recorded = self.db.run(|tx| Box::pin(record_export(tx, &act, &record)));
        if recorded.await? { Ok(()) } else { Err(WriteExportError::Lost) }
    }

    /// Has it on record that it was broken off, and how many contacts had been handed over at most.
    pub async fn break_off(&self, rows: i64, reason: &str) -> Result<(), Error> {
        let Some(held) = self.held else { return Ok(()) };
        let (act, broken) = (self.act(), BrokenExport { held, rows, reason });
        self.db.run(|tx| Box::pin(break_off_export(tx, &act, broken))).await.map(drop)
    }

    /// Holds its run while this is done, and records again and again how far it is.
    ///
    /// # Errors
    /// [`WriteExportError::Lost`] once it is somebody else's.
    pub async fn keep<T, E: From<WriteExportError>>(
        &self,
        rows: &AtomicU64,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(held) = self.held else { return work.await };
        tokio::select! {
            done = work => done,
            () = hold(self.db, self.clock, held, rows) => Err(WriteExportError::Lost.into()),
        }
    }

    fn act(&self) -> Act {
        Act::new(Moment::new(self.clock, self.random), self.actor)
    }
}

async fn condemn(db: &Db, settings: &FlowSettings, at: &Moment, what: &str) -> Result<(), Error> {
    let mut tx = db.read().await?;
    let size = checkpoints::find_size(&mut tx).await?;
    let seen = find_seen(&mut tx).await?;
    drop(tx);
    let finding = Some(what.to_owned());
    let verdict = Verdict { checked_at: at.now, size, finding, warning: None };
    keep_verdict(db, settings.at(at), &verdict, seen).await?;
    Ok(())
}

/// Records again and again how far a run is; returns when it is somebody else's.
async fn hold(db: &Db, clock: &Clock, held: HeldRun, rows: &AtomicU64) {
    loop {
        tokio::time::sleep(RECORDED_EVERY).await;
        match record_progress(db, clock, held, rows).await {
            Ok(true) => {}
            Ok(false) => return,
            // Its lease is long enough for some more tries.
            Err(error) => tracing::warn!(error = ?error, "an export's progress could not be noted"),
        }
    }
}

async fn record_progress(
    db: &Db,
    clock: &Clock,
    held: HeldRun,
    rows: &AtomicU64,
) -> sqlx::Result<bool> {
    let done = i64::try_from(rows.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
    let now = clock.now();
    db.run(|tx| Box::pin(export_runs::renew(tx, now, held, done))).await
}
