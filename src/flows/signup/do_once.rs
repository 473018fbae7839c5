//! A form that its sender may send again is stored once (draft-ietf-httpapi-idempotency-key-header): its key is stored in the
//! transaction that stores it, so that no answer that was lost on its way, and no process that died, leaves it in doubt.

use std::time::Duration;

use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::idempotent_requests::{self, StoredRequest};

/// For how long a key is kept.
pub const KEPT_FOR: Duration = Duration::from_hours(24);

/// What is known of a request that came with a key.
#[must_use]
pub enum Known {
    /// Nothing: its form is to be taken.
    Nothing,
    /// The key came with another body before.
    Other,
    /// It was taken before, whatever became of its form since.
    Taken(StoredRequest),
}

/// Looks for what a request with a key became.
///
/// # Errors
/// When the database does not answer.
pub async fn look_up(
    tx: &mut Tx,
    at: &Moment,
    request: &IdempotentRequest,
) -> Result<Known, Error> {
    let since = at.now.minus(KEPT_FOR);
    let stored = idempotent_requests::find(tx, &request.key_hash, since).await?;
    Ok(match stored {
        None => Known::Nothing,
        Some(stored) if stored.body_hash != request.body_hash => Known::Other,
        Some(stored) => Known::Taken(stored),
    })
}
