//! Forgets what is no longer needed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::domain::timestamp::Timestamp;
use crate::flows::purge::{AT_ONCE, PEOPLE_AT_ONCE, expire, forget_ended, purge};
use crate::flows::{Error, Terms};
use crate::random::Moment;
use crate::store::Db;

const EVERY: Duration = Duration::from_mins(10);
/// Who left is looked for once a day: it takes a look at everybody.
const ROUNDS_A_DAY: u32 = 144;

/// Closes and deletes unconfirmed signups as their time comes, and once a day evidence that is no longer
/// kept, until `stop`.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    for round in (0..ROUNDS_A_DAY).cycle() {
        match forget(&parts.db, &parts.terms, parts.clock.now()).await {
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

/// Forgets the people whose evidence is no longer kept; returns how many.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn forget_people(db: &Db, terms: &Terms, at: &Moment) -> Result<usize, Error> {
    let mut forgotten = 0;
    loop {
        let mut tx = db.write().await?;
        let gone = forget_ended(&mut tx, at, terms).await?;
        tx.commit().await?;
        forgotten += gone;
        if i64::try_from(gone).is_ok_and(|gone| gone < PEOPLE_AT_ONCE) {
            if forgotten > 0 {
                db.forget_log().await;
            }
            return Ok(forgotten);
        }
    }
}
