//! A program is told by webhooks what happens.

use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::webhook::{EventTypes, WebhookSecret};
use crate::domain::text::Line;
use crate::flows::{Act, Error, FlowSettings};
use crate::store::Tx;
use crate::store::staff::webhook_endpoints::{self, NewEndpoint};

/// One as it is asked for.
#[derive(Clone, Copy)]
pub struct AskedWebhook<'a> {
    /// Where it is told.
    pub url: &'a Url,
    /// What it is.
    pub description: &'a Line,
    /// What it is told of.
    pub event_types: &'a EventTypes,
    /// The form that asks, which adds one.
    pub form_id: Uuid,
}

/// One that was added.
pub struct AddedWebhook {
    /// Its key.
    pub webhook_endpoint_id: Uuid,
    /// What it knows us by, which is shown this once.
    pub secret: WebhookSecret,
}

/// Adds one; `None` when its form added one already. The audit does not say where it is told: such addresses are often
/// secrets themselves.
///
/// # Errors
/// When the database does not take it.
pub async fn add_webhook(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    asked: AskedWebhook<'_>,
) -> Result<Option<AddedWebhook>, Error> {
    let webhook_endpoint_id = act.at.new_id();
    let salt = act.at.new_webhook_salt();
    let new = NewEndpoint {
        webhook_endpoint_id,
        url: asked.url.as_str(),
        description: asked.description.as_str(),
        event_types: asked.event_types,
        salt: &salt,
        created_by: &act.actor,
        form_id: asked.form_id,
    };
    if !webhook_endpoints::insert(tx, &act.at, &new).await? {
        return Ok(None);
    }
    let detail = json!({"webhook_endpoint_id": webhook_endpoint_id,
                        "types": asked.event_types.words().collect::<Vec<_>>()});
    act.audit(tx, Action::WebhookAdd, &detail).await?;
    Ok(Some(AddedWebhook {
        webhook_endpoint_id,
        secret: settings.webhook_secret(webhook_endpoint_id, &salt),
    }))
}
