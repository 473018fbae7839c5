//! Something that the operator must look at begins, and ends. Whoever calls these commits, then logs what
//! changed: an alarm is heard once when it begins and once when it ends, however often it is seen.

use super::Error;
use crate::random::Moment;
use crate::store::{Tx, alarms};

/// Raises the alarm about a subject; `true` when it did not stand already.
///
/// # Errors
/// When the database does not take it.
pub async fn raise(tx: &mut Tx, at: &Moment, subject: &str, detail: &str) -> Result<bool, Error> {
    Ok(alarms::upsert(tx, at.now, subject, detail).await?)
}

/// Ends the alarm about a subject; `true` when it stood.
///
/// # Errors
/// When the database does not take it.
pub async fn clear(tx: &mut Tx, subject: &str) -> Result<bool, Error> {
    Ok(alarms::delete(tx, subject).await?)
}
