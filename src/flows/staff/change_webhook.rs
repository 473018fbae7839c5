//! A webhook is switched off and on, given another secret, and deleted.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::webhook::{OffReason, WebhookSecret};
use crate::domain::timestamp::Timestamp;
use crate::flows::{Act, Error, FlowSettings};
use crate::store::Tx;
use crate::store::staff::{webhook_deliveries, webhook_endpoints};

fn named(webhook_endpoint_id: Uuid) -> Value {
    json!({"webhook_endpoint_id": webhook_endpoint_id})
}

/// Switches one off: what happens waits. `false` when it is off or gone.
///
/// # Errors
/// When the database does not take it.
pub async fn switch_off(tx: &mut Tx, act: &Act, webhook_endpoint_id: Uuid) -> Result<bool, Error> {
    let reason = OffReason::Staff;
    let off = webhook_endpoints::switch_off(tx, act.at.now, webhook_endpoint_id, reason).await?;
    if off {
        act.audit(tx, Action::WebhookOff, &named(webhook_endpoint_id)).await?;
    }
    Ok(off)
}

/// Switches one on: what waited is sent. `false` when it is on or gone.
///
/// # Errors
/// When the database does not take it.
pub async fn switch_on(tx: &mut Tx, act: &Act, webhook_endpoint_id: Uuid) -> Result<bool, Error> {
    let on = webhook_endpoints::switch_on(tx, webhook_endpoint_id).await?;
    if on {
        webhook_endpoints::mark_fresh(tx, act.at.now, webhook_endpoint_id).await?;
        webhook_deliveries::mark_all_waiting(tx, act.at.now, webhook_endpoint_id).await?;
        act.audit(tx, Action::WebhookOn, &named(webhook_endpoint_id)).await?;
    }
    Ok(on)
}

/// Gives one another secret in place of the one that it has since `salt_at`, which goes on signing beside it for a day;
/// `None` when it was replaced meanwhile, or it is gone.
///
/// # Errors
/// When the database does not take it.
pub async fn rotate_secret(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    (webhook_endpoint_id, salt_at): (Uuid, Timestamp),
) -> Result<Option<WebhookSecret>, Error> {
    let salt = act.at.new_webhook_salt();
    let which = (webhook_endpoint_id, salt_at);
    if !webhook_endpoints::rotate(tx, act.at.now, which, &salt).await? {
        return Ok(None);
    }
    act.audit(tx, Action::WebhookRotate, &named(webhook_endpoint_id)).await?;
    Ok(Some(settings.webhook_secret(webhook_endpoint_id, &salt)))
}

/// Deletes one: it is hidden and told nothing from now on, and what it was and is to be told goes little by little, for
/// it may be much. `false` when it is gone.
///
/// # Errors
/// When the database does not take it.
pub async fn delete_webhook(
    tx: &mut Tx,
    act: &Act,
    webhook_endpoint_id: Uuid,
) -> Result<bool, Error> {
    let deleted = webhook_endpoints::mark_deleted(tx, act.at.now, webhook_endpoint_id).await?;
    if deleted {
        act.audit(tx, Action::WebhookDelete, &named(webhook_endpoint_id)).await?;
    }
    Ok(deleted)
}
