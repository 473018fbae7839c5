//! Somebody withdrew by telephone, by letter or in person, and staff write it down: as easy as it was to agree
//! (GDPR Art. 7(3)).

use serde_json::json;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::action::Action;
use crate::flows::consent::withdraw::{Leave, withdraw};
use crate::flows::{Act, By, Error, FlowSettings};
use crate::store::Tx;

/// How it is named in evidence.
const SOURCE: &str = "console";

/// Withdraws what is in force of what somebody left, and mails them the receipt; returns the purposes that
/// ended.
///
/// # Errors
/// When the database does not take it; then nothing is withdrawn.
pub async fn record_withdrawal(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    leave: Leave<'_>,
) -> Result<Vec<Purpose>, Error> {
    let by = By { method: Method::Staff, source: SOURCE };
    let ended = withdraw(tx, settings.at(&act.at), leave, by).await?;
    if !ended.is_empty() {
        let detail = json!({"subscriber_id": leave.subscriber_id, "purposes": ended});
        act.audit(tx, Action::SubscriberWithdraw, &detail).await?;
    }
    Ok(ended)
}
