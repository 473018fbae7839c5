//! What nobody confirmed is forgotten, with no reminder (GDPR Art. 5(1)(e)).

use super::{Error, Terms};
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, purges};

/// How many signups one transaction deletes: few enough that readers never wait for it.
pub const AT_ONCE: i64 = 500;

/// Closes the signups whose time is over; returns how many.
///
/// # Errors
/// When the database does not take it.
pub async fn expire(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    Ok(purges::mark_expired(tx, now).await?)
}

/// Deletes up to [`AT_ONCE`] unconfirmed signups older than their retention; returns how many. Call it
/// again while it returns that many.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn purge(tx: &mut Tx, now: Timestamp, terms: &Terms) -> Result<usize, Error> {
    let before = now.minus(terms.pending_retention);
    Ok(purges::delete_unconfirmed(tx, now, before, AT_ONCE).await?)
}
