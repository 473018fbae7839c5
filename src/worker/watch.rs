//! Watches what could go on unseen: whether those who are mailed through a form confirm, whether mails are
//! parked in numbers, and whether an alarm about the relay still stands for something.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::domain::mail::alarm::{MAIL_RELAY, MANY_REFUSALS, are_mass_refusals};
use crate::flows::mail::raise_alarm::clear;
use crate::flows::mail::watch_confirmations::{Changes, watch_confirmations};
use crate::flows::mail::watch_refusals::{Refusals, watch_refusals};
use crate::flows::{Error, Terms};
use crate::mail::transport::Transport;
use crate::random::Moment;
use crate::store::Db;
use crate::store::mail::{alarms, mails};
use crate::store::signup::confirmations;

const EVERY: Duration = Duration::from_mins(1);
/// How far back parked mails are counted.
const A_DAY: Duration = Duration::from_hours(24);
/// How far back confirmations are counted.
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
        match watch_parked(&parts.db, &parts.moment()).await {
            Ok(Changes { raised, ended }) => {
                for (subject, detail) in raised {
                    tracing::error!(subject, detail, "mail is parked in numbers");
                }
                for subject in ended {
                    tracing::info!(subject, "mail is not parked in numbers any more");
                }
            }
            Err(error) => tracing::error!(error = ?error, "parked mail could not be watched"),
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

/// Looks once whether mails are parked in numbers for one reason.
///
/// # Errors
/// When the database does not take it.
pub async fn watch_parked(db: &Db, at: &Moment) -> Result<Changes, Error> {
    let since = at.now.minus(A_DAY);
    let mut tx = db.read().await?;
    let mut found = None;
    if let Some((reason, parked)) = mails::find_commonest_reason(&mut tx, since).await?
        && parked >= MANY_REFUSALS
    {
        // Counted no further than it matters.
        let most = parked.saturating_mul(10);
        let sent = mails::count_confirmations_sent(&mut tx, since, most).await?;
        found = are_mass_refusals(parked, sent).then_some(Refusals { reason, parked });
    }
    drop(tx);
    let mut tx = db.write().await?;
    let changes = watch_refusals(&mut tx, at, found.as_ref()).await?;
    tx.commit().await?;
    Ok(changes)
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
