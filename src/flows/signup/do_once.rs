//! A request that its sender may send again is done once, and answered as it was the first time
//! (draft-ietf-httpapi-idempotency-key-header).

use std::time::Duration;

use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::idempotent_requests;

/// For how long what it was answered is kept.
pub const KEPT_FOR: Duration = Duration::from_hours(24);

/// After so long a request that is not answered was lost with the process that had it, and may be sent again.
const ABANDONED_AFTER: Duration = Duration::from_mins(1);

/// What becomes of a request that comes with a key.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// It is to be done.
    Claimed,
    /// The same is being done.
    UnderWay,
    /// The key came with another body before.
    Other,
    /// It was done, and answered so.
    Done(String),
}

/// Takes a request's key, unless somebody has it.
///
/// # Errors
/// When the database does not take it.
pub async fn claim(tx: &mut Tx, at: &Moment, request: &IdempotentRequest) -> Result<Claim, Error> {
    let since = (at.now.minus(ABANDONED_AFTER), at.now.minus(KEPT_FOR));
    if idempotent_requests::claim(tx, request, at.now, since).await? {
        return Ok(Claim::Claimed);
    }
    let begun = idempotent_requests::find(tx, &request.key_hash).await?;
    Ok(match begun {
        Some(begun) if begun.body_hash != request.body_hash => Claim::Other,
        Some(begun) => begun.answer.map_or(Claim::UnderWay, Claim::Done),
        // Given back meanwhile.
        None => Claim::UnderWay,
    })
}

/// Keeps what a request was answered, or gives its key back where it was not done.
///
/// # Errors
/// When the database does not take it.
pub async fn settle(
    tx: &mut Tx,
    request: &IdempotentRequest,
    answer: Option<&str>,
) -> Result<(), Error> {
    match answer {
        Some(answer) => idempotent_requests::mark_answered(tx, request, answer).await?,
        None => idempotent_requests::delete(tx, request).await?,
    }
    Ok(())
}
