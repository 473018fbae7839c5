//! Staff stop mail to an address, or let it be mailed again.

use serde_json::json;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::contacts::suppressions::{self, Suppressed};

/// Stops all mail to an address; `false` when staff had stopped it before. What waits in the outbox is dropped
/// when its turn comes, for suppression is looked at then.
pub async fn suppress(tx: &mut Tx, act: &Act, address_key: &AddressKey) -> Result<bool, Error> {
    let reason = SuppressionReason::Manual;
    let added =
        suppressions::insert(tx, act.at.now, &Suppressed::new(address_key, reason, None)).await?;
    if added {
        let detail = json!({"reason": reason.as_str(), "scope": "*"});
        act.audit(tx, Action::SuppressionAdd, &detail).await?;
    }
    Ok(added)
}

/// How lifting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Lifted {
    /// The address may be mailed again, as far as this reason goes.
    Lifted,
    /// Nothing suppresses it for this reason any more.
    NotThere,
    /// Only the person lifts this, by coming back.
    NotOurs,
}

/// A suppression that stands.
#[derive(Clone, Copy)]
pub struct Stands<'a> {
    /// The key of the address.
    pub address_key: &'a AddressKey,
    /// Why it is not mailed.
    pub reason: SuppressionReason,
}

/// Lifts one reason, and writes down why in the words of whoever lifts it; those hold no address.
pub async fn lift(tx: &mut Tx, act: &Act, stands: Stands<'_>, why: &Line) -> Result<Lifted, Error> {
    let Stands { address_key, reason } = stands;
    if !reason.is_lifted_by_staff() {
        return Ok(Lifted::NotOurs);
    }
    if !suppressions::delete(tx, act.at.now, address_key, reason).await? {
        return Ok(Lifted::NotThere);
    }
    let detail = json!({"reason": reason.as_str(), "scope": "*", "why": why.as_str()});
    act.audit(tx, Action::SuppressionLift, &detail).await?;
    Ok(Lifted::Lifted)
}
