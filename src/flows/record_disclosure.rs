//! Somebody takes personal data out by other ways than an export, and that they did is written down.

use serde_json::Value;

use super::Error;
use crate::random::Moment;
use crate::store::{Tx, audit_entries};

/// Writes down what was taken: `withdrawals`, `ledger.bundle` or `ledger.receipt`, with ids and counts.
///
/// # Errors
/// When the database does not take it.
pub async fn record_disclosure(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    what: &str,
    detail: &Value,
) -> Result<(), Error> {
    Ok(audit_entries::append(tx, at, actor, what, detail).await?)
}
