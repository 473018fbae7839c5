//! The relays whose events are understood.

use std::str::FromStr;

/// The name by which each relay keeps our mark beside a mail.
pub(super) const NAME: &str = "assent-mail";

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
