//! Staff have a webhook told something: once more, or to try it out.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::webhook::WebhookEvent;
use crate::flows::tell_webhooks::Happened;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::staff::webhook_deliveries::{self, NewDelivery};
use crate::store::staff::webhook_endpoints;

/// Sends an event that says nothing; `false` when the endpoint is off or gone.
///
/// # Errors
/// When the database does not take it.
pub async fn try_out(tx: &mut Tx, act: &Act, webhook_endpoint_id: Uuid) -> Result<bool, Error> {
    let endpoint = webhook_endpoints::lock(tx, webhook_endpoint_id).await?;
    if endpoint.is_none_or(|endpoint| endpoint.off_at.is_some()) {
        return Ok(false);
    }
    let event = WebhookEvent::Test;
    let about = json!({"webhook_endpoint_id": webhook_endpoint_id});
    let payload = Happened { event, subscriber_id: None, about: about.clone() }.payload(&act.at);
    let new = NewDelivery { webhook_endpoint_id, event, subscriber_id: None, payload: &payload };
    webhook_deliveries::insert(tx, &act.at, &new).await?;
    act.audit(tx, Action::WebhookTest, &about).await?;
    Ok(true)
}

/// What sending an event again came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Replayed {
    /// It is on its way.
    Sent,
    /// It is not: something later was told of the same person, whom it might bring back.
    Outlived,
    /// It is gone, or its endpoint is.
    Gone,
}

/// Sends one event again, whether it was taken or not.
///
/// # Errors
/// When the database does not take it.
pub async fn replay_one(
    tx: &mut Tx,
    act: &Act,
    webhook_endpoint_id: Uuid,
    webhook_delivery_id: Uuid,
) -> Result<Replayed, Error> {
    let (at, of) = (act.at.now, (webhook_endpoint_id, webhook_delivery_id));
    if webhook_endpoints::lock(tx, webhook_endpoint_id).await?.is_none() {
        return Ok(Replayed::Gone);
    }
    if webhook_deliveries::is_outlived(tx, of.0, of.1).await? {
        return Ok(Replayed::Outlived);
    }
    if !webhook_deliveries::mark_waiting(tx, at, of.0, of.1).await? {
        return Ok(Replayed::Gone);
    }
    webhook_endpoints::mark_fresh(tx, at, webhook_endpoint_id).await?;
    let detail = json!({"webhook_endpoint_id": of.0, "webhook_delivery_id": of.1});
    act.audit(tx, Action::WebhookReplay, &detail).await?;
    Ok(Replayed::Sent)
}

/// Sends all events again that were not taken, now rather than when their time comes; returns whether there are any,
/// `None` when the endpoint is gone. What was given up is no longer among them: it would be told out of its order.
///
/// # Errors
/// When the database does not take it.
pub async fn replay_all(
    tx: &mut Tx,
    act: &Act,
    webhook_endpoint_id: Uuid,
) -> Result<Option<bool>, Error> {
    if webhook_endpoints::lock(tx, webhook_endpoint_id).await?.is_none() {
        return Ok(None);
    }
    webhook_endpoints::mark_fresh(tx, act.at.now, webhook_endpoint_id).await?;
    let count = webhook_deliveries::mark_all_waiting(tx, act.at.now, webhook_endpoint_id).await?;
    if count > 0 {
        let detail = json!({"webhook_endpoint_id": webhook_endpoint_id, "count": count});
        act.audit(tx, Action::WebhookReplayAll, &detail).await?;
    }
    Ok(Some(count > 0 || webhook_deliveries::is_waiting(tx, webhook_endpoint_id).await?))
}
