//! That somebody had the whole ledger checked, and what came of it, is written down.

use serde_json::json;

use crate::domain::staff::action::Action;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::audit_entries;

/// Writes down that a check was asked for.
///
/// # Errors
/// When the database does not take it.
pub async fn record_check_asked(tx: &mut Tx, at: &Moment, actor: &str) -> Result<(), Error> {
    Ok(audit_entries::append(tx, at, actor, Action::LedgerVerifyStart, &json!({})).await?)
}

/// Writes down what a check came to: how many events, and how many findings.
///
/// # Errors
/// When the database does not take it.
pub async fn record_checked(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    events: i64,
    findings: u64,
) -> Result<(), Error> {
    let detail = json!({"events": events, "findings": findings});
    Ok(audit_entries::append(tx, at, actor, Action::LedgerVerify, &detail).await?)
}
