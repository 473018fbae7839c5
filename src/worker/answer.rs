//! Turns wishes for lost links into mail. It happens here, and not where they were typed, so that nobody
//! learns from an answer's time whether an address is known.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::WorkerParts;
use crate::flows::Error;
use crate::flows::consent::send_link::answer_link_requests;
use crate::store::signup::link_requests;

const EVERY: Duration = Duration::from_secs(1);

/// Answers every second, until `stop`.
pub async fn run(parts: WorkerParts, stop: CancellationToken) {
    loop {
        match answer_all(&parts).await {
            Ok(true) => parts.mail_waits.notify_one(),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(error = ?error, "wishes for lost links could not be answered");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Answers all that wait; `false` when none did.
async fn answer_all(parts: &WorkerParts) -> Result<bool, Error> {
    if link_requests::find_oldest(&mut parts.db.read().await?).await?.is_none() {
        return Ok(false);
    }
    loop {
        let mut tx = parts.db.write().await?;
        if answer_link_requests(&mut tx, &parts.moment(), &parts.terms).await? == 0 {
            return Ok(true);
        }
        tx.commit().await?;
    }
}
