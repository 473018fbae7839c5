//! Watches what could go on unseen: whether those who are mailed through a form confirm, and whether an alarm
//! about the relay still stands for something.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::domain::alarm::MAIL_RELAY;
use crate::flows::raise_alarm::clear;
use crate::flows::watch_confirmations::{Changes, watch_confirmations};
use crate::flows::{Error, Terms};
use crate::mail::transport::Transport;
use crate::random::Moment;
use crate::store::{Db, alarms, confirmations};

const EVERY: Duration = Duration::from_mins(1);
/// How far back mails are counted.
const WINDOW: Duration = Duration::from_hours(1);
/// Mails younger than this are not counted: people need a while to look.
const YOUNGEST: Duration = Duration::from_mins(10);

/// Looks every minute, until `stop`.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match watch(&parts.db, &parts.terms, &parts.moment()).await {
            Ok(Changes { raised, ended }) => {
                for (subject, detail) in raised {
                    tracing::error!(subject, detail, "hardly anybody confirms");
                }
                for subject in ended {
                    tracing::info!(subject, "confirmations are as usual again");
                }
            }
            Err(error) => tracing::error!(error = ?error, "confirmations could not be watched"),
        }
        match relay_is_back(&parts.db, &parts.transport).await {
            Ok(true) => tracing::info!("the mail relay can be used again"),
            Ok(false) => {}
            Err(error) => tracing::error!(error = ?error, "the relay's alarm could not be read"),
        }
    }
}

/// Ends the alarm about the relay when the relay answers. The next mail would, but there may be none, and
/// whoever raised it may be gone.
///
/// # Errors
/// When the database does not answer.
pub async fn relay_is_back(db: &Db, transport: &Transport) -> Result<bool, Error> {
    let alarms = alarms::list(&mut db.read().await?).await?;
    if !alarms.iter().any(|alarm| alarm.subject == MAIL_RELAY) || transport.check().await.is_err() {
        return Ok(false);
    }
    let mut tx = db.write().await?;
    let cleared = clear(&mut tx, MAIL_RELAY).await?;
    tx.commit().await?;
    Ok(cleared)
}

/// Looks once. Counted apart from what is written, so that nobody waits for the counting.
///
/// # Errors
/// When the database does not take it.
pub async fn watch(db: &Db, terms: &Terms, at: &Moment) -> Result<Changes, Error> {
    let (since, until) = (at.now.minus(WINDOW), at.now.minus(YOUNGEST));
    let counted = confirmations::count_by_form(&mut db.read().await?, since, until).await?;
    let mut tx = db.write().await?;
    let changes = watch_confirmations(&mut tx, at, terms, &counted).await?;
    tx.commit().await?;
    Ok(changes)
}
