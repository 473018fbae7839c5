//! Seals what was appended to the ledger.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::own_alarm::OwnAlarm;
use crate::domain::mail::alarm::LEDGER;
use crate::domain::mail::outbox::MailKind;
use crate::flows::Error;
use crate::flows::ledger::standing::tell_not_level;
use crate::notary::{seal_all, waits};
use crate::store::ledger::checkpoints;
use crate::store::mail::outbox::{self, About};

/// How often it is looked whether the ledger may go on, while nothing waits.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often a witness is told.
const A_DAY: Duration = Duration::from_hours(24);

/// Seals every few seconds, until `stop`; also empties a log that still holds what was erased.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    let mut sealing = Sealing { alarm: OwnAlarm::new(LEDGER), level: None };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(parts.seal_every) => {}
        }
        if let Err(error) = sealing.seal(&parts).await {
            tracing::error!(error = ?error, "the ledger could not be sealed");
        }
        if parts.db.must_forget() {
            parts.db.forget_log().await;
        }
        if parts.witness_mail.is_some() {
            match tell_witness(&parts).await {
                Ok(true) => parts.mail_waits.notify_one(),
                Ok(false) => {}
                Err(error) => tracing::error!(error = ?error, "the witness could not be told"),
            }
        }
    }
}

/// What this process knows of where the ledger stands.
struct Sealing {
    alarm: OwnAlarm,
    /// When it stood level last, unless it does not.
    level: Option<Instant>,
}

impl Sealing {
    /// Seals what waits. Whether the ledger may go on is an alarm; while it may not, no mail leaves. The file store
    /// is asked for something that waits, and now and then.
    async fn seal(&mut self, parts: &WorkerParts) -> Result<(), Error> {
        if self.level.is_some_and(|level| level.elapsed() < LOOK_EVERY) && !waits(&parts.db).await?
        {
            return Ok(());
        }
        self.level = None;
        match seal_all(&parts.db, &parts.terms, &parts.clock, &parts.random).await {
            Ok(()) => {
                self.level = Some(Instant::now());
                self.alarm.end(&parts.db).await.map(drop)
            }
            Err(Error::NotLevel(why)) => {
                self.alarm.mark_seen();
                tell_not_level(&parts.db, &parts.moment(), &why).await
            }
            Err(error) => Err(error),
        }
    }
}

/// Decides the daily mail with the newest head, if it is time; `false` when it is not.
///
/// # Errors
/// When the database does not take it.
async fn tell_witness(parts: &WorkerParts) -> Result<bool, Error> {
    let at = parts.moment();
    let since = at.now.minus(A_DAY);
    if !outbox::witness_is_due(&mut parts.db.read().await?, since).await? {
        return Ok(false);
    }
    let mut tx = parts.db.write().await?;
    // Whoever seals locks the head, so of several workers one decides the mail.
    checkpoints::lock_size(&mut tx).await?;
    let due = outbox::witness_is_due(&mut tx, since).await?;
    if due {
        outbox::insert(&mut tx, &at, MailKind::Checkpoint, About::Nobody).await?;
        tx.commit().await?;
    }
    Ok(due)
}
