//! The relays whose events are understood.

use strum::{EnumString, IntoStaticStr};

/// The name by which each relay keeps our mark beside a mail.
pub(super) const NAME: &str = "assent-mail";

/// A relay whose events are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(
    serialize_all = "lowercase",
    parse_err_ty = UnknownRelay,
    parse_err_fn = unknown,
)]
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
        self.into()
    }
}

/// Not the word of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write ses, postmark, sendgrid or mailgun, or leave it out")]
pub struct UnknownRelay;

fn unknown(_: &str) -> UnknownRelay {
    UnknownRelay
}
