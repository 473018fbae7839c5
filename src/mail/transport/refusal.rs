//! What went wrong on the way to the relay or was answered by it, sorted by what to do about it.

use std::io;

use lettre::transport::smtp::Error as SmtpError;

use crate::domain::mail::bounce::{BounceKind, EnhancedStatus};
use crate::domain::sentence::sentence;

/// Why a mail was not handed over. No variant's text names an address.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The relay cannot be reached, or refuses us: no mail can leave. Wait, then try again.
    #[error("the mail relay cannot be used: {0}")]
    Relay(Trouble),
    /// Not now. Try this mail again later.
    #[error("not taken now: {0}")]
    Transient(Trouble),
    /// The relay refused it for good, as a server further on might have: it came back at the door.
    #[error("refused: {1}")]
    Refused(BounceKind, Trouble),
    /// It cannot be sent to this relay at all. Park it.
    #[error("it cannot be sent: {0}")]
    Permanent(Trouble),
    /// The relay takes no more connections beside those that are open.
    #[error("the mail relay takes no more connections at once")]
    Crowded,
    /// The mail was held for too long to be sent still; nothing of it left.
    #[error("the mail was not sent in time, and is somebody else's by now")]
    TooLate,
}

impl TransportError {
    /// What was said, if anything was.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Relay(trouble)
            | Self::Transient(trouble)
            | Self::Refused(_, trouble)
            | Self::Permanent(trouble) => Some(trouble),
            Self::Crowded | Self::TooLate => None,
        }
    }
}

/// What went wrong, in words that name no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    words: String,
    /// The relay's own words, code first. They may repeat the address, so they are for whoever tries out an
    /// address of their own, never for a log.
    pub verbatim: Option<String>,
    /// Why, where the relay said so.
    pub status: Option<EnhancedStatus>,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

impl Trouble {
    /// Whether the relay said to come back later (4xx).
    pub(super) fn is_temporary(&self) -> bool {
        self.verbatim.as_deref().is_some_and(|words| words.starts_with('4'))
    }

    /// These words, which the relay did not say.
    #[must_use]
    pub fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), verbatim: None, status: None }
    }

    fn answer(error: &SmtpError, asked: &str) -> Self {
        let Some(code) = error.status().map(|code| code.to_string()) else {
            return Self::words(if error.is_timeout() {
                TOO_SLOW.to_owned()
            } else if error.is_response() {
                // The error repeats the line, and the line may repeat the address.
                format!("the relay's answer to {asked} cannot be understood")
            } else {
                sentence(error)
            });
        };
        let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        let status = status(&text);
        let shown = status.map(|status| format!(" {status}")).unwrap_or_default();
        Self {
            words: format!("the relay answered {code}{shown} to {asked}"),
            verbatim: Some(plain(&format!("{code} {text}"))),
            status,
        }
    }
}

const TOO_SLOW: &str = "the relay did not answer in time";

/// What a relay's silence means: as with answers, it concerns all mail up to the sender, and this one after.
pub(super) fn silence(stage: Stage) -> TransportError {
    let trouble = Trouble::words(TOO_SLOW);
    match stage {
        Stage::Greeting | Stage::SignIn | Stage::Sender => TransportError::Relay(trouble),
        Stage::Recipient | Stage::Message => TransportError::Transient(trouble),
    }
}

/// What was going on when it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Finding, greeting, encrypting.
    Greeting,
    /// Signing in.
    SignIn,
    /// Who it is from.
    Sender,
    /// Who it is for.
    Recipient,
    /// The message itself.
    Message,
}

impl Stage {
    /// What the relay answered to.
    fn asked(self) -> &'static str {
        match self {
            Self::Greeting => "our greeting",
            Self::SignIn => "our sign-in",
            Self::Sender => "our sender's address",
            Self::Recipient => "the reader's address",
            Self::Message => "the message",
        }
    }
}

/// Sorts an answer of the relay, or its silence. Up to the sender everything concerns all mail alike, for
/// all has senders of one domain. After that a dropped connection and a time-out say nothing of the mail: the relay may
/// or may not have taken it, and the default is to try again.
pub(super) fn sort(stage: Stage, error: &SmtpError) -> TransportError {
    let trouble = Trouble::answer(error, stage.asked());
    let code = error.status().map_or(0, u16::from);
    match stage {
        Stage::Greeting | Stage::SignIn => TransportError::Relay(trouble),
        _ if error.is_client() => TransportError::Permanent(trouble),
        // 552 and 5.3.4: too large, which is this mail's own fault (RFC 1870 §6.1).
        Stage::Sender if code == 552 => TransportError::Permanent(trouble),
        Stage::Sender => TransportError::Relay(trouble),
        // 530: sign in first (RFC 4954 §6).
        Stage::Recipient if code == 530 => TransportError::Relay(trouble),
        // Policy: it may be us who are not let in (“relay access denied”), and that passes once mended.
        Stage::Recipient if trouble.status.is_some_and(EnhancedStatus::is_policy) => {
            TransportError::Transient(trouble)
        }
        // Here a code alone does not tell a mailbox that does not exist from a relay that does not know us.
        Stage::Recipient | Stage::Message if error.is_permanent() => {
            let words = trouble.verbatim.as_deref().unwrap_or_default();
            TransportError::Refused(BounceKind::at_the_door(trouble.status, words), trouble)
        }
        Stage::Recipient | Stage::Message => TransportError::Transient(trouble),
    }
}

/// A relay's words without what would move a terminal's cursor or change its title.
pub(super) fn plain(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What could not be done before a word was said.
pub(super) fn unreachable(error: &io::Error) -> TransportError {
    TransportError::Relay(Trouble::words(error.to_string()))
}

/// The enhanced status at the beginning of an answer (RFC 2034 §3).
fn status(text: &str) -> Option<EnhancedStatus> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_enhanced_status_only_where_one_stands() {
        for (text, expected) in [
            ("5.1.1 <a@b.test>: unknown", Some("5.1.1")),
            ("4.7.1 Greylisted", Some("4.7.1")),
            ("5.1.10 null MX", Some("5.1.10")),
            ("User unknown", None),
            ("192.0.2.1 is listed", None),
            ("5.1", None),
            ("5..1", None),
            ("", None),
        ] {
            assert_eq!(status(text).map(|s| s.to_string()).as_deref(), expected, "{text}");
        }
    }
}
