//! The verdict on the ledger: when a new one is due, and keeping it for exports to go by.

use std::time::Duration;

use super::Error;
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::ledger_verdicts::{self, Verdict};

/// How old a verdict may get before the ledger is checked again.
const EVERY: Duration = Duration::from_hours(6);

/// Whether the ledger is to be checked: it never was, the last time is too long ago, or lies ahead, as after a
/// clock was set back.
///
/// # Errors
/// When the database does not answer.
pub async fn is_due(tx: &mut Tx, now: Timestamp) -> Result<bool, Error> {
    let last = ledger_verdicts::find(tx).await?.map(|verdict| verdict.checked_at);
    Ok(last.is_none_or(|last| last > now || last.plus(EVERY) <= now))
}

/// Keeps what a check found in place of what the one before found; `seen` is the number of the verdict that
/// stood when it began. What another check found meanwhile stays: says whether the new one stands.
///
/// # Errors
/// When the database does not take it; then the last verdict stands.
pub async fn keep_verdict(tx: &mut Tx, verdict: &Verdict, seen: i64) -> Result<bool, Error> {
    Ok(ledger_verdicts::upsert(tx, verdict, seen).await?)
}
