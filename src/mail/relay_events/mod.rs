//! Relays that set an envelope sender of their own: what each mail carries instead, and the events that such a relay
//! posts when a mail comes back, in its own JSON.

mod amazon;
mod certificate;
mod endpoint;
mod mailgun;
mod marks;
mod postmark;
mod proof;
mod relay;
mod sendgrid;
mod ses;
mod sns;
mod told;
mod unproved;

use serde_json::Value;
use uuid::Uuid;

pub use self::amazon::{Amazon, AmazonError};
pub use self::endpoint::{EventEndpoint, Headers, Refused, Sent};
pub use self::marks::Marks;
pub use self::proof::{Malformed, PublicKey, RelayProof};
pub use self::relay::{EventRelay, UnknownRelay};
pub use self::sns::Topic;
pub use self::unproved::Unproved;

use self::relay::NAME;
use super::returned::Ignored;
use crate::domain::mail::bounce::news::News;
use crate::domain::signup::link::LinkSecrets;

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
