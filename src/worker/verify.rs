//! Checks the whole ledger whenever the last verdict is too old.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::flows::Error;
use crate::flows::ledger::keep_verdict::is_due;
use crate::notary::verify::{Verification, verify};

/// How often it is looked whether the last verdict is too old.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// Checks whenever the last verdict is too old, whoever came to it, until `stop`.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    loop {
        match check_if_due(&parts).await {
            Ok(None) => {}
            Ok(Some(verification)) if verification.is_sound() => {
                tracing::info!(events = verification.size, "the consent ledger is sound");
            }
            Ok(Some(verification)) => {
                let finding = verification.findings.first();
                tracing::error!(finding, "the consent ledger is not what it was; exports stop");
            }
            Err(error) => tracing::error!(error = ?error, "the ledger could not be checked"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

async fn check_if_due(parts: &WorkerParts) -> Result<Option<Verification>, Error> {
    let WorkerParts { db, terms, clock, random, .. } = parts;
    if !is_due(&mut db.read().await?, terms, clock.now()).await? {
        return Ok(None);
    }
    verify(db, terms, clock, random, |_| ()).await.map(Some)
}
