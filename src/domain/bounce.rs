//! Mail that came back, and what that says of its mailbox.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a mail that came back says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, Deserialize, Serialize)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
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

impl BounceKind {
    /// What a refusal for good says, by the enhanced status and the SMTP code it came with. Hard is only
    /// what RFC 3463 says of the mailbox itself; whoever blocks us, or cannot take this mail, may well
    /// have the mailbox.
    #[must_use]
    pub fn of_refusal(status: Option<EnhancedStatus>, code: Option<u16>) -> Self {
        match status.map(|status| (status.class, status.subject, status.detail)) {
            // §3.2: these say that the sender's address is wrong, or that the recipient's is right.
            Some((5, 1, 5 | 7..=9)) => Self::Soft,
            // §3.2: any other trouble with the address. §3.3: the mailbox is disabled. §3.5: no route to
            // its domain; while the domain's servers only do not answer, the class is 4 or the detail
            // another, so this is a domain without mail, as a misspelt one is.
            Some((5, 1, _) | (5, 2, 1) | (5, 4, 4)) => Self::Hard,
            // RFC 5321 §4.2.3: mailbox unavailable, user not local, mailbox name not allowed. These codes
            // are used for policy as well, so an enhanced status that says more wins over them.
            Some((5, 0, _)) | None if matches!(code, Some(550 | 551 | 553)) => Self::Hard,
            _ => Self::Soft,
        }
    }
}

impl BounceKind {
    /// What a refusal by our own relay says. There a code alone, or a status that is not about the mailbox in
    /// so many words, may as well mean that the relay does not know us; so only those count as hard.
    #[must_use]
    pub fn at_the_door(status: Option<EnhancedStatus>) -> Self {
        match status.map(|status| (status.class, status.subject, status.detail)) {
            Some((5, 1, 1..=3 | 6 | 10) | (5, 2, 1)) => Self::Hard,
            _ => Self::Soft,
        }
    }
}

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

    fn kind(status: &str, code: Option<u16>) -> BounceKind {
        BounceKind::of_refusal(status.parse().ok(), code)
    }

    #[test]
    fn hard_is_what_is_wrong_with_the_mailbox_itself() {
        for status in ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"] {
            assert_eq!(kind(status, Some(554)), BounceKind::Hard, "{status}");
        }
        for status in [
            "5.1.7", "5.1.8", "5.2.0", "5.2.2", "5.2.3", "5.3.4", "5.4.1", "5.4.6", "5.5.0",
            "5.6.1", "5.7.1", "5.7.26", "4.1.1", "4.2.1", "4.2.2", "4.4.4", "4.4.7", "2.1.5",
        ] {
            assert_eq!(kind(status, Some(550)), BounceKind::Soft, "{status}");
        }
    }

    #[test]
    fn at_the_door_only_a_word_about_the_mailbox_counts() {
        for (status, kind) in [
            (Some("5.1.1"), BounceKind::Hard),
            (Some("5.2.1"), BounceKind::Hard),
            (Some("5.1.0"), BounceKind::Soft),
            (Some("5.1.8"), BounceKind::Soft),
            (Some("5.0.0"), BounceKind::Soft),
            (Some("5.7.1"), BounceKind::Soft),
            (None, BounceKind::Soft),
        ] {
            let status = status.map(|status| status.parse().unwrap());
            assert_eq!(BounceKind::at_the_door(status), kind, "{status:?}");
        }
    }

    #[test]
    fn without_a_status_the_code_decides() {
        for status in ["", "5.0.0"] {
            for code in [550, 551, 553] {
                assert_eq!(kind(status, Some(code)), BounceKind::Hard, "{status} {code}");
            }
            for code in [450, 452, 501, 521, 530, 552, 554] {
                assert_eq!(kind(status, Some(code)), BounceKind::Soft, "{status} {code}");
            }
            assert_eq!(kind(status, None), BounceKind::Soft);
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
