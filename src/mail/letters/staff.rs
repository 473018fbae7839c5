//! Mail to members of staff: what lets them in, and what they must look at.

use serde::Serialize;

use super::sample::{in_days, url};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::Role;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::MailTemplate;

/// `mail/invitation`: the invitation to the console.
#[derive(Clone, Debug, Serialize)]
pub struct InvitationMail {
    /// The address of the account.
    pub address: EmailAddress,
    /// What it may do.
    pub role: &'static str,
    /// Where its first password is chosen.
    pub invitation_url: String,
    /// Until when.
    pub valid_until: Timestamp,
}

impl MailTemplate for InvitationMail {
    const NAME: &'static str = "invitation";

    fn samples() -> Vec<Self> {
        vec![Self {
            address: EmailAddress::sample(),
            role: Role::Marketing.as_str(),
            invitation_url: url("/console/welcome/TOKEN"),
            valid_until: in_days(2),
        }]
    }
}

/// `mail/password_reset`: the link to a new password.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordResetMail {
    /// The address of the account.
    pub address: EmailAddress,
    /// Where the password is chosen.
    pub reset_url: String,
    /// Until when.
    pub valid_until: Timestamp,
}

impl MailTemplate for PasswordResetMail {
    const NAME: &'static str = "password_reset";

    fn samples() -> Vec<Self> {
        let (address, reset_url) = (EmailAddress::sample(), url("/console/reset/TOKEN"));
        vec![Self { address, reset_url, valid_until: in_days(2) }]
    }
}

/// `mail/webhook_off`: a webhook took nothing, and is told nothing any more.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookOffMail {
    /// The webhook in the words of whoever added it.
    pub description: String,
    /// Since when it is off.
    pub off_at: Timestamp,
    /// Whether it said itself that nobody is there any more.
    pub gone: bool,
    /// How long what happens is kept for it, in days.
    pub kept_days: u64,
    /// Its page at the console.
    pub webhook_url: String,
}

impl MailTemplate for WebhookOffMail {
    const NAME: &'static str = "webhook_off";

    fn samples() -> Vec<Self> {
        let off = Self {
            description: "The CRM of marketing".to_owned(),
            off_at: Timestamp::SAMPLE,
            gone: false,
            kept_days: 30,
            webhook_url: url("/console/webhooks/ID"),
        };
        vec![Self { gone: true, ..off.clone() }, off]
    }
}
