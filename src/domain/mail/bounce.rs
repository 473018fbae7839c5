//! Mail that came back, and what that says of its mailbox.

pub mod news;
mod phrases;
pub mod verdict;
#[cfg(test)]
mod verdict_tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};

/// What a mail that came back says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, AsRefStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BounceKind {
    /// There is no such mailbox: it is not mailed any more.
    Hard,
    /// It was not delivered, and the mailbox may be good: counted.
    Soft,
    /// Its reader reported it as unwanted: they are left alone.
    Complaint,
}

/// One mail that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// What it says.
    pub kind: BounceKind,
    /// Why, where the server said so.
    pub status: Option<EnhancedStatus>,
}

/// An enhanced status code such as `5.1.1`: class, subject and detail (RFC 3463 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatus {
    class: u16,
    subject: u16,
    detail: u16,
}

/// It is not three numbers such as `5.1.1`, the first 2, 4 or 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a status such as 5.1.1")]
pub struct MalformedStatus;

impl EnhancedStatus {
    /// Whether it tells of security or policy rather than of the mailbox (RFC 3463 §3.8).
    #[must_use]
    pub fn is_policy(self) -> bool {
        self.subject == 7
    }

    /// Whether it says no more than success or failure (RFC 3463 §3.1).
    #[must_use]
    pub fn is_undefined(self) -> bool {
        self.subject == 0
    }

    /// Whether it says that the mailbox, or the domain it is in, is not there.
    #[must_use]
    pub fn is_gone(self) -> bool {
        matches!(
            (self.class, self.subject, self.detail),
            // RFC 3463 §3.2: no such mailbox, no such system, no such address, moved away; RFC 7505 §4.1: a domain
            // without mail. §3.3: disabled. §3.5: no route, as to a domain that has neither server nor address.
            (5, 1, 1..=3 | 6 | 10) | (5, 2, 1) | (5, 4, 4)
        )
    }

    /// Whether it says that something else is the matter, so that the mailbox may well be there: that it passes,
    /// that the sender is meant, that it is full, or trouble with servers, the network, the content or policy. A
    /// detail of 0 says nothing but the subject (§3.1), and servers use 5.1.0 to 5.5.0 for anything.
    #[must_use]
    pub fn is_something_else(self) -> bool {
        match (self.class, self.subject, self.detail) {
            (5, 0, _) | (5, 1..=5, 0) => false,
            (5, 1, detail) => matches!(detail, 4 | 5 | 7..=9),
            (5, 2, detail) => detail != 1,
            (5, 4, detail) => detail != 4,
            _ => true,
        }
    }
}

impl FromStr for EnhancedStatus {
    type Err = MalformedStatus;

    fn from_str(text: &str) -> Result<Self, MalformedStatus> {
        let number = |digits: &str| -> Result<u16, MalformedStatus> {
            let plain = digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or(MalformedStatus)
        };
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(MalformedStatus).and_then(number);
        let (class, subject, detail) = (next()?, next()?, next()?);
        if matches!(class, 2 | 4 | 5) {
            Ok(Self { class, subject, detail })
        } else {
            Err(MalformedStatus)
        }
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_speaks_of_the_mailbox_or_of_something_else_or_of_neither() {
        let status = |text: &str| text.parse::<EnhancedStatus>().unwrap();
        for text in ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"] {
            assert!(status(text).is_gone() && !status(text).is_something_else(), "{text}");
        }
        for text in [
            "5.1.4", "5.1.5", "5.1.7", "5.1.8", "5.1.9", "5.2.2", "5.2.3", "5.3.4", "5.4.1",
            "5.4.6", "5.4.14", "5.5.1", "5.6.0", "5.6.1", "5.7.0", "5.7.1", "5.7.13", "5.7.26",
            "4.0.0", "4.1.1", "4.2.1", "4.4.4", "4.4.7", "2.1.5",
        ] {
            assert!(status(text).is_something_else() && !status(text).is_gone(), "{text}");
        }
        for text in ["5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.4.0", "5.5.0"] {
            assert!(!status(text).is_something_else() && !status(text).is_gone(), "{text}");
        }
    }

    #[test]
    fn a_status_is_three_numbers() {
        for text in ["5.1.1", "2.0.0", "4.4.7", "5.7.999"] {
            assert_eq!(text.parse::<EnhancedStatus>().unwrap().to_string(), text);
        }
        for text in
            ["", "5", "5.1", "5.1.", "5.1.1.1", "3.1.1", "5.1.1000", "5.+1.1", " 5.1.1", "٥.1.1"]
        {
            assert_eq!(text.parse::<EnhancedStatus>(), Err(MalformedStatus), "{text}");
        }
    }
}
