//! Relays that set an envelope sender of their own: what each mail carries instead, and the events that such a relay
//! posts when a mail comes back, in its own JSON.

mod amazon;
mod certificate;
mod door;
mod mailgun;
mod marks;
mod postmark;
mod proof;
mod sendgrid;
mod ses;
mod sns;
mod told;

use std::str::FromStr;

use serde_json::Value;
use uuid::Uuid;

pub use self::amazon::{Amazon, AmazonError};
pub use self::door::{Door, Headers, Refused, Sent};
pub use self::marks::Marks;
pub use self::proof::{Malformed, PublicKey, RelayProof, Unproved};
pub use self::sns::Topic;

use super::returned::Ignored;
use crate::domain::bounce::news::News;
use crate::domain::link::LinkSecrets;

/// The name by which each relay keeps our mark beside a mail.
const NAME: &str = "assent-mail";

/// A relay whose events are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventRelay {
    /// Amazon SES, through a topic of Amazon SNS.
    Ses,
    /// Postmark's webhooks.
    Postmark,
    /// SendGrid's event webhook, signed.
    SendGrid,
    /// Mailgun's webhooks.
    Mailgun,
}

impl EventRelay {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ses, Self::Postmark, Self::SendGrid, Self::Mailgun];

    /// Its word in settings and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ses => "ses",
            Self::Postmark => "postmark",
            Self::SendGrid => "sendgrid",
            Self::Mailgun => "mailgun",
        }
    }
}

/// Not the word of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write ses, postmark, sendgrid or mailgun, or leave it out")]
pub struct UnknownRelay;

impl FromStr for EventRelay {
    type Err = UnknownRelay;

    fn from_str(word: &str) -> Result<Self, UnknownRelay> {
        Self::ALL.into_iter().find(|relay| relay.as_str() == word).ok_or(UnknownRelay)
    }
}

/// Reads one event: of which mail it tells, known by our mark alone, and what.
///
/// # Errors
/// When it is nothing for us: why.
pub fn read(
    relay: EventRelay,
    event: &Value,
    secrets: &LinkSecrets,
) -> Result<(Uuid, News), Ignored> {
    let (news, outbox_id) = match relay {
        EventRelay::Ses => (ses::news(event)?, ses::mail(event, secrets)),
        EventRelay::Postmark => (postmark::news(event)?, marked(&event["Metadata"], secrets)),
        // It puts what a mail carries among its own fields.
        EventRelay::SendGrid => (sendgrid::news(event)?, marked(event, secrets)),
        EventRelay::Mailgun => (mailgun::news(event)?, marked(&event["user-variables"], secrets)),
    };
    outbox_id.map(|outbox_id| (outbox_id, news)).ok_or(Ignored::Unmarked)
}

/// The mail whose mark stands among these fields.
fn marked(fields: &Value, secrets: &LinkSecrets) -> Option<Uuid> {
    secrets.open_return_token(fields[NAME].as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_has_one_word() {
        for relay in EventRelay::ALL {
            assert_eq!(relay.as_str().parse(), Ok(relay));
        }
        for wrong in ["", "SES", "sparkpost", "ses,postmark"] {
            assert_eq!(wrong.parse::<EventRelay>(), Err(UnknownRelay), "{wrong}");
        }
    }
}
