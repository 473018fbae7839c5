//! Where a relay's events come in: proved to be the relay's, and taken apart.

use secrecy::SecretString;
use serde_json::Value;

use super::amazon::{Amazon, AmazonError};
use super::proof::{self, PublicKey, RelayProof};
use super::relay::EventRelay;
use super::sns::{self, Said, Topic, Unheard};
use super::unproved::Unproved;
use crate::domain::timestamp::Timestamp;

/// Where the events of one relay come in.
#[derive(Clone)]
pub struct EventEndpoint(Kind);

#[derive(Clone)]
enum Kind {
    Ses(Topic, Amazon),
    Postmark(SecretString),
    SendGrid(PublicKey),
    Mailgun(SecretString),
}

/// What stands in the head of a request, where a relay proves itself there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `X-Twilio-Email-Event-Webhook-Signature`.
    pub signature: Option<&'a str>,
    /// `X-Twilio-Email-Event-Webhook-Timestamp`.
    pub timestamp: Option<&'a str>,
}

/// What the relay sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// Its events.
    Events(Vec<Value>),
    /// It asked whether it may send its events here, and was told yes.
    Confirmed,
    /// It sends no more events here.
    Ended,
}

/// Why nothing is taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is not JSON as this relay sends it.
    #[error("it is not JSON as this relay sends it")]
    Malformed,
    /// It is not proved to be the relay's.
    #[error(transparent)]
    Unproved(#[from] Unproved),
    /// Whether it is the relay's cannot be found out, or it cannot be answered, just now.
    #[error("Amazon could not be asked")]
    Away(#[source] AmazonError),
}

impl From<Unheard> for Refused {
    fn from(why: Unheard) -> Self {
        match why {
            Unheard::Malformed => Self::Malformed,
            Unheard::Unproved(why) => Self::Unproved(why),
            Unheard::Away(error) => Self::Away(error),
        }
    }
}

impl EventEndpoint {
    /// The endpoint for whoever proves themselves by this; Amazon is asked where that is needed.
    #[must_use]
    pub fn new(proof: &RelayProof, amazon: &Amazon) -> Self {
        Self(match proof {
            RelayProof::Ses(topic) => Kind::Ses(topic.clone(), amazon.clone()),
            RelayProof::Postmark(secret) => Kind::Postmark(secret.clone()),
            RelayProof::SendGrid(key) => Kind::SendGrid(key.clone()),
            RelayProof::Mailgun(secret) => Kind::Mailgun(secret.clone()),
        })
    }

    /// Whose it is.
    #[must_use]
    pub fn relay(&self) -> EventRelay {
        match self.0 {
            Kind::Ses(..) => EventRelay::Ses,
            Kind::Postmark(_) => EventRelay::Postmark,
            Kind::SendGrid(_) => EventRelay::SendGrid,
            Kind::Mailgun(_) => EventRelay::Mailgun,
        }
    }

    /// Takes what the relay sent, once it is proved to be the relay's. Where the proof stands in the head, nothing of
    /// the body is looked at before.
    ///
    /// # Errors
    /// Says why nothing is taken.
    pub async fn open(
        &self,
        headers: Headers<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Sent, Refused> {
        match &self.0 {
            Kind::Ses(topic, amazon) => Ok(match sns::hear(topic, amazon, body, now).await? {
                // What somebody else publishes to the topic is no event, and no reason for Amazon to try again.
                Said::Published(text) => {
                    Sent::Events(vec![serde_json::from_str(&text).unwrap_or_default()])
                }
                Said::Confirmed => Sent::Confirmed,
                Said::Ended => Sent::Ended,
            }),
            Kind::Postmark(secret) => {
                proof::postmark(secret, headers.authorization)?;
                object(body).map(|event| Sent::Events(vec![event]))
            }
            Kind::SendGrid(key) => {
                proof::sendgrid(key, (headers.signature, headers.timestamp), body)?;
                serde_json::from_slice(body).map(Sent::Events).map_err(|_| Refused::Malformed)
            }
            Kind::Mailgun(secret) => {
                let mut sent = object(body)?;
                proof::mailgun(secret, &sent["signature"], now)?;
                Ok(Sent::Events(vec![sent["event-data"].take()]))
            }
        }
    }
}

fn object(body: &[u8]) -> Result<Value, Refused> {
    let sent: Option<Value> = serde_json::from_slice(body).ok();
    sent.filter(Value::is_object).ok_or(Refused::Malformed)
}
