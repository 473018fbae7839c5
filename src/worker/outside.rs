//! Brings endings from the data directory to the file store, promptly, and those of other replicas from there.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::domain::alarm::OUTSIDE;
use crate::domain::sentence::sentence;
use crate::flows::Error;
use crate::flows::raise_alarm::{clear_standing, raise};
use crate::outside::OutsideError;

/// How often the file is looked at when nobody rang: commands note endings too.
const EVERY: Duration = Duration::from_secs(5);
/// How often what other replicas noted is fetched.
const FETCH_EVERY: Duration = Duration::from_secs(30);
/// How long something may not be kept in the file store before it is an alarm.
const PATIENCE: Duration = Duration::from_mins(1);

/// Exchanges, until `stop`, and once more then.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    let (mut away, mut fetched): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        let outside = parts.db.outside();
        let exchanged = if fetched.is_none_or(|fetched| fetched.elapsed() >= FETCH_EVERY) {
            let exchanged = outside.exchange().await;
            fetched = exchanged.is_ok().then(Instant::now);
            exchanged
        } else {
            outside.put_new().await
        };
        let told = match exchanged {
            Ok(()) => {
                away = None;
                end_alarm(&parts, OUTSIDE).await
            }
            Err(error) => {
                let since = *away.get_or_insert_with(Instant::now);
                tracing::warn!(error = ?error, "endings could not be exchanged with the file store");
                if since.elapsed() >= PATIENCE { tell_away(&parts, &error).await } else { Ok(()) }
            }
        };
        if let Err(error) = told {
            tracing::error!(error = ?error, "an alarm could not be written down");
        }
        if stop.is_cancelled() {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = outside.grown() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn tell_away(parts: &WorkerParts, error: &OutsideError) -> Result<(), Error> {
    let mut tx = parts.db.write().await?;
    let raised = raise(&mut tx, &parts.moment(), OUTSIDE, &sentence(error)).await?;
    tx.commit().await?;
    if raised {
        tracing::error!(subject = OUTSIDE, error = ?error, "nothing can be kept outside");
    }
    Ok(())
}

/// Ends an alarm if it stands.
pub(super) async fn end_alarm(parts: &WorkerParts, subject: &str) -> Result<(), Error> {
    if clear_standing(&parts.db, subject).await? {
        tracing::info!(subject, "that is over");
    }
    Ok(())
}
