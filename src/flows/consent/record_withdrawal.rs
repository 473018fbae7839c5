//! Somebody withdrew by telephone, by letter or in person, and staff write it down: as easy as it was to agree
//! (GDPR Art. 7(3)).

use serde_json::json;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::form_state::Method;
use crate::domain::staff::action::Action;
use crate::flows::consent::withdraw::{Leaving, withdraw_by};
use crate::flows::{Act, Error, FlowSettings};
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
    subscriber_id: Uuid,
    leaving: &Leaving,
) -> Result<Vec<Purpose>, Error> {
    let ended =
        withdraw_by(tx, &act.at, settings, subscriber_id, leaving, (Method::Staff, SOURCE)).await?;
    if !ended.is_empty() {
        let detail = json!({"subscriber_id": subscriber_id, "purposes": ended});
        act.note(tx, Action::SubscriberWithdraw, &detail).await?;
    }
    Ok(ended)
}
