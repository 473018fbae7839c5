//! Brings endings from the data directory to the file store, promptly, and those of other replicas from there, with
//! the heads that they signed. Where work is done, endings that the database does not know end again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use super::own_alarm::OwnAlarm;
use crate::domain::mail::alarm::OUTSIDE;
use crate::domain::sentence::sentence;
use crate::flows::Error;
use crate::flows::ledger::replay_endings::Replay;
use crate::outside::{Outside, OutsideError};

/// How often the file is looked at when nobody rang, for commands note endings too; and whether a head was signed.
const EVERY: Duration = Duration::from_secs(5);
/// How often what other replicas noted is fetched.
const FETCH_EVERY: Duration = Duration::from_secs(30);
/// How long something may not be kept in the file store before it is an alarm.
const PATIENCE: Duration = Duration::from_mins(1);

/// Exchanges, until `stop`; whoever stops the program brings the last endings away once nobody notes any more. With a
/// replay, what the database does not know ends again.
pub async fn run(parts: WorkerParts, replay: Option<Arc<Mutex<Replay>>>, stop: CancellationToken) {
    let (mut away, mut fetched): (Option<Instant>, Option<Instant>) = (None, None);
    let mut alarm = OwnAlarm::new(OUTSIDE);
    loop {
        let outside = parts.db.outside();
        let is_due = fetched.is_none_or(|fetched| fetched.elapsed() >= FETCH_EVERY);
        let exchanged = exchange(outside, is_due).await;
        if is_due {
            fetched = exchanged.is_ok().then(Instant::now);
        }
        let told = match exchanged {
            Ok(()) => {
                away = None;
                alarm.end(&parts.db).await.map(drop)
            }
            Err(error) => {
                let since = *away.get_or_insert_with(Instant::now);
                tracing::warn!(error = ?error, "endings and heads could not be exchanged with the file store");
                if since.elapsed() >= PATIENCE {
                    tell_away(&parts, &mut alarm, &error).await
                } else {
                    Ok(())
                }
            }
        };
        if let Err(error) = told {
            tracing::error!(error = ?error, "an alarm could not be written down");
        }
        if let Some(replay) = replay.as_ref().filter(|_| is_due) {
            let mut replay = replay.lock().await;
            match replay.settled(&parts.db, &parts.terms, &parts.moment()).await {
                Ok(replayed) if replayed.is_nothing() => {}
                Ok(replayed) => tracing::warn!(?replayed, "what people had ended was ended again"),
                Err(error) => {
                    tracing::error!(error = ?error, "what people ended could not be compared with the database");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = outside.grown() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Heads are fetched each time: of a machine that signs none, they are all that tells it how far the ledger came.
async fn exchange(outside: &Outside, is_due: bool) -> Result<(), OutsideError> {
    let exchanged = if is_due { outside.exchange().await } else { outside.put_new().await };
    let fetched = outside.fetch_heads().await;
    exchanged.and(fetched)
}

async fn tell_away(
    parts: &WorkerParts,
    alarm: &mut OwnAlarm,
    error: &OutsideError,
) -> Result<(), Error> {
    if alarm.raise(&parts.db, &parts.moment(), &sentence(error)).await? {
        tracing::error!(subject = OUTSIDE, error = ?error, "nothing can be kept outside");
    }
    Ok(())
}
