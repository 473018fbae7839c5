//! Looks whether the database stands level with the heads that this machine knows, where nobody seals: whoever puts back
//! database and file store together, and the data directory of the machine that seals, has not put back this one.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::own_alarm::OwnAlarm;
use crate::domain::mail::alarm::LEDGER;
use crate::flows::ledger::standing::{find_standing, tell_not_level};
use crate::flows::{Error, Terms};
use crate::random::Moment;
use crate::store::Db;

const EVERY: Duration = Duration::from_mins(1);

/// Looks every minute, until `stop`; a start has looked already.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    let mut alarm = OwnAlarm::new(LEDGER);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let looked = watch_standing(&parts.db, &parts.terms, &parts.moment(), &mut alarm).await;
        if let Err(error) = looked {
            tracing::error!(error = ?error, "the database could not be compared with the heads outside it");
        }
    }
}

/// Looks once: raises the alarm and keeps mail back while the ledger may not go on, or ends the alarm.
///
/// # Errors
/// When something cannot be read, or the database does not take it.
pub async fn watch_standing(
    db: &Db,
    terms: &Terms,
    at: &Moment,
    alarm: &mut OwnAlarm,
) -> Result<(), Error> {
    let standing = find_standing(db, &terms.ledger_keys).await?;
    if standing.is_level() {
        return alarm.end(db).await.map(drop);
    }
    alarm.mark_seen();
    tell_not_level(db, at, &standing.to_string()).await
}
