//! What other programs are to be told is decided in the transaction in which it happens.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::staff::webhook::{EventTypes, WebhookEvent};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::webhook_deliveries::{self, NewDelivery};
use crate::store::staff::webhook_endpoints;

/// Something that happened. It says which rows it is about, and nobody's name or address: a receiver asks the API for
/// more, and what it may not have it does not get.
pub struct Happened {
    /// What.
    pub event: WebhookEvent,
    /// To whom, where it happened to somebody: what they are told of stays in order.
    pub subscriber_id: Option<Uuid>,
    /// What a payload holds as `data`, besides the subscriber.
    pub about: Value,
}

impl Happened {
    /// It happened to somebody.
    #[must_use]
    pub fn to(subscriber_id: Uuid, event: WebhookEvent, about: Value) -> Self {
        Self { event, subscriber_id: Some(subscriber_id), about }
    }

    /// What is sent of it.
    pub(in crate::flows) fn payload(&self, at: &Moment) -> String {
        let mut data = self.about.clone();
        if let Some(subscriber_id) = self.subscriber_id {
            data["subscriber_id"] = json!(subscriber_id);
        }
        let payload =
            json!({"type": self.event.as_str(), "timestamp": at.now.to_string(), "data": data});
        payload.to_string()
    }
}

/// Who wants to be told something.
pub struct Listeners(Vec<(Uuid, EventTypes)>);

impl Listeners {
    /// Whether anybody wants to be told of this.
    #[must_use]
    pub fn want(&self, event: WebhookEvent) -> bool {
        self.0.iter().any(|(_, types)| types.hold(event))
    }

    /// Tells those who hear of it that somebody was erased. Nothing more is told of them: that would say what the person had
    /// agreed to, and hold back that they are to be removed; so it went with all else that was held of them.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn tell_erased(
        &self,
        tx: &mut Tx,
        at: &Moment,
        subscriber_id: Uuid,
    ) -> sqlx::Result<()> {
        let erased = Happened::to(subscriber_id, WebhookEvent::SubscriberErased, json!({}));
        self.tell(tx, at, &[erased]).await
    }

    /// Tells them.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn tell(&self, tx: &mut Tx, at: &Moment, all: &[Happened]) -> sqlx::Result<()> {
        for happened in all {
            let told = self.0.iter().filter(|(_, types)| types.hold(happened.event));
            let mut payload = None;
            for (webhook_endpoint_id, _) in told {
                let payload = payload.get_or_insert_with(|| happened.payload(at));
                let new = NewDelivery {
                    webhook_endpoint_id: *webhook_endpoint_id,
                    event: happened.event,
                    subscriber_id: happened.subscriber_id,
                    payload,
                };
                webhook_deliveries::insert(tx, at, &new).await?;
            }
        }
        Ok(())
    }
}

/// Who there is to be told.
///
/// # Errors
/// When the database does not answer.
pub async fn listeners(tx: &mut Tx) -> sqlx::Result<Listeners> {
    Ok(Listeners(webhook_endpoints::list_told(tx).await?))
}

/// Tells whoever wants it that this happened. Where nobody is to be told, nothing is written.
///
/// # Errors
/// When the database does not take it.
pub async fn tell(tx: &mut Tx, at: &Moment, all: &[Happened]) -> sqlx::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    listeners(tx).await?.tell(tx, at, all).await
}

/// Tells that a file was gone through: once, however many people it is about.
///
/// # Errors
/// When the database does not take it.
pub async fn tell_import(tx: &mut Tx, at: &Moment, about: Value) -> sqlx::Result<()> {
    let event = WebhookEvent::ImportFinished;
    tell(tx, at, &[Happened { event, subscriber_id: None, about }]).await
}
