//! Staff stop mail to an address, or let it be mailed again.

use serde_json::json;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::suppressions;
use crate::store::staff::audit_entries;

/// Stops all mail to an address; `false` when staff had stopped it before. What waits in the outbox is dropped
/// when its turn comes, for suppression is looked at then.
///
/// # Errors
/// When the database does not take it.
pub async fn suppress(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    address_key: &AddressKey,
) -> Result<bool, Error> {
    let reason = SuppressionReason::Manual;
    let added = suppressions::insert(tx, at.now, address_key, reason, None).await?;
    if added {
        let detail = json!({"reason": reason.as_str(), "scope": "*"});
        audit_entries::append(tx, at, actor, Action::SuppressionAdd, &detail).await?;
    }
    Ok(added)
}

/// How lifting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Lifted {
    /// The address may be mailed again, as far as this reason goes. Commit.
    Lifted,
    /// Nothing suppresses it for this reason any more.
    NotThere,
    /// Only the person lifts this, by coming back.
    NotOurs,
}

/// Lifts one reason, and writes down why in the words of whoever lifts it; those hold no address.
///
/// # Errors
/// When the database does not take it.
pub async fn lift(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    (address_key, reason): (&AddressKey, SuppressionReason),
    why: &Line,
) -> Result<Lifted, Error> {
    if !reason.is_lifted_by_staff() {
        return Ok(Lifted::NotOurs);
    }
    if !suppressions::delete(tx, at.now, address_key, reason).await? {
        return Ok(Lifted::NotThere);
    }
    let detail = json!({"reason": reason.as_str(), "scope": "*", "why": why.as_str()});
    audit_entries::append(tx, at, actor, Action::SuppressionLift, &detail).await?;
    Ok(Lifted::Lifted)
}
