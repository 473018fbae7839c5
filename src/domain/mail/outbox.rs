//! Mail decided on and not yet handed over.

use std::time::Duration;

use serde::Serialize;
use strum::{AsRefStr, EnumString, IntoStaticStr};
use uuid::Uuid;

/// The Message-ID of a mail of this installation (RFC 5322 §3.6.4): the same whenever it is sent again.
#[must_use]
pub fn message_id(outbox_id: Uuid, host: &str) -> String {
    format!("<{outbox_id}@{host}>")
}

/// What a waiting mail is: its text is made when it is sent, the same on every try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MailKind {
    /// Mail 1: the link whose button confirms a signup.
    Confirm,
    /// Mail 2: the words agreed to, and the download.
    Receipt,
    /// A fresh download link that its owner asked for.
    DownloadLink,
    /// The link to somebody's choices, for who lost it.
    PreferencesLink,
    /// The receipt of a change that somebody made to their choices.
    Change,
    /// A policy changed: told once.
    PolicyNotice,
    /// A policy changed so that people are asked again.
    Renewal,
    /// A policy changed so that people are asked again: told once more before its date.
    RenewalReminder,
    /// The newest checkpoint, for somebody outside to keep.
    Checkpoint,
    /// The link to a member of staff's first password.
    Invitation,
    /// The link to a new password for a member of staff.
    PasswordReset,
    /// A webhook was switched off, for it took nothing.
    WebhookOff,
    /// A complaint arrived: its reference.
    RequestReceived,
    /// Staff answer a complaint or a request.
    RequestLetter,
}

impl MailKind {
    /// Whether it answers a complaint, or what somebody asked for by their rights.
    #[must_use]
    pub fn is_of_a_request(self) -> bool {
        matches!(self, Self::RequestReceived | Self::RequestLetter)
    }

    /// All of them: what readers are sent in the order they meet it, then what others are.
    pub const ALL: [Self; 14] = [
        Self::Confirm,
        Self::Receipt,
        Self::DownloadLink,
        Self::PreferencesLink,
        Self::Change,
        Self::PolicyNotice,
        Self::Renewal,
        Self::RenewalReminder,
        Self::Checkpoint,
        Self::Invitation,
        Self::PasswordReset,
        Self::WebhookOff,
        Self::RequestReceived,
        Self::RequestLetter,
    ];

    /// Its word in addresses and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Where a waiting mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, AsRefStr, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OutboxState {
    /// Waits for its time or its worker.
    Queued,
    /// Handed to the relay.
    Sent,
    /// Refused for good or impossible to build; kept with the reason.
    Parked,
    /// Not to be sent: what it was about is gone or settled, or its mailbox's limit or a suppression forbade it.
    Dropped,
}

impl OutboxState {
    /// All of them, in the order of a mail's way.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Parked, Self::Dropped, Self::Sent];

    /// Its word in addresses and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How one try to hand a mail over ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The relay took it.
    Sent,
    /// Not taken yet; tried again later.
    Deferred,
    /// Failed for good: kept with the reason.
    Parked,
    /// Nothing to send any more.
    Dropped,
}

/// How long to wait after so many failed tries: 15 s, doubling to an hour, moved by up to a quarter
/// either way so that many mails do not return together. `chance` is any random byte.
#[must_use]
pub fn back_off(attempts: i32, chance: u8) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(8);
    let base = Duration::from_secs(15 * 2u64.pow(doublings)).min(Duration::from_hours(1));
    base.mul_f64(0.75 + f64::from(chance) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_up_to_about_an_hour() {
        assert_eq!(back_off(1, 0), Duration::from_millis(11_250));
        assert!(back_off(1, 255) <= Duration::from_millis(18_750));
        for attempts in [i32::MIN, 0, 1, 5, 50, i32::MAX] {
            assert!(back_off(attempts, 255) <= Duration::from_mins(75));
        }
    }
}
