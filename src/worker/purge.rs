//! Forgets what nobody confirmed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::domain::timestamp::Timestamp;
use crate::flows::purge::{AT_ONCE, expire, purge};
use crate::flows::{Error, Terms};
use crate::store::Db;

const EVERY: Duration = Duration::from_mins(10);

/// Closes and deletes unconfirmed signups as their time comes, until `stop`.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    loop {
        match forget(&parts.db, &parts.terms, parts.clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(signups = count, "unconfirmed signups deleted"),
            Err(error) => tracing::error!(error = ?error, "the purge failed"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Does what is due now; returns how many signups were deleted.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn forget(db: &Db, terms: &Terms, now: Timestamp) -> Result<usize, Error> {
    let mut tx = db.write().await?;
    expire(&mut tx, now).await?;
    tx.commit().await?;
    let mut deleted = 0;
    loop {
        let mut tx = db.write().await?;
        let gone = purge(&mut tx, now, terms).await?;
        tx.commit().await?;
        deleted += gone;
        if i64::try_from(gone).is_ok_and(|gone| gone < AT_ONCE) {
            return Ok(deleted);
        }
    }
}
