//! Seals what was appended to the ledger.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::outside::end_alarm;
use crate::domain::alarm::LEDGER;
use crate::domain::outbox::MailKind;
use crate::flows::Error;
use crate::flows::standing::tell_not_level;
use crate::notary::seal_all;
use crate::store::checkpoints;
use crate::store::outbox::{self, About};

/// How often a witness is told.
const A_DAY: Duration = Duration::from_hours(24);

/// Seals every few seconds, until `stop`; also empties a log that still holds what was erased.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(parts.seal_every) => {}
        }
        if let Err(error) = seal(&parts).await {
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

/// Seals what waits. Whether the ledger may go on is an alarm; while it may not, no mail leaves.
async fn seal(parts: &WorkerParts) -> Result<(), Error> {
    match seal_all(&parts.db, &parts.terms, &parts.clock, &parts.random).await {
        Ok(()) => end_alarm(parts, LEDGER).await,
        Err(Error::NotLevel(why)) => tell_not_level(&parts.db, &parts.moment(), &why).await,
        Err(error) => Err(error),
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
