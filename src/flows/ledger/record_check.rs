//! That somebody had the whole ledger checked, and what came of it, is written down.

use serde_json::json;

use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::store::Tx;

/// Writes down that a check was asked for.
pub async fn record_check_asked(tx: &mut Tx, act: &Act) -> Result<(), Error> {
    Ok(act.audit(tx, Action::LedgerVerifyStart, &json!({})).await?)
}

/// Writes down what a check came to: how many events, and how many findings.
pub async fn record_checked(
    tx: &mut Tx,
    act: &Act,
    events: i64,
    findings: u64,
) -> Result<(), Error> {
    let detail = json!({"events": events, "findings": findings});
    Ok(act.audit(tx, Action::LedgerVerify, &detail).await?)
}
