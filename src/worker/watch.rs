//! Watches whether those who are mailed through a form confirm.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::flows::watch_confirmations::{Changes, watch_confirmations};
use crate::flows::{Error, Terms};
use crate::random::Moment;
use crate::store::{Db, confirmations};

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
    }
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
