//! Mails are parked in numbers for one reason: then it is not their mailboxes that are at fault, and nobody would
//! see it, for each is settled by itself.

use crate::domain::alarm::REFUSALS;
use crate::flows::Error;
use crate::flows::raise_alarm::{AlarmChanges, clear, raise};
use crate::random::Moment;
use crate::store::Tx;

/// Mails that are parked for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// The reason.
    pub reason: String,
    /// How many mails of the last day.
    pub parked: i64,
}

/// Raises the alarm about them, or ends it when there are none.
pub async fn watch_refusals(
    tx: &mut Tx,
    at: &Moment,
    found: Option<&Refusals>,
) -> Result<AlarmChanges, Error> {
    let mut changes = AlarmChanges::default();
    if let Some(Refusals { reason, parked }) = found {
        let detail = format!("{parked} mails of the last day are parked for one reason: {reason}");
        if raise(tx, at, REFUSALS, &detail).await? {
            changes.raised.push((REFUSALS.to_owned(), detail));
        }
    } else if clear(tx, REFUSALS).await? {
        changes.ended.push(REFUSALS.to_owned());
    }
    Ok(changes)
}
