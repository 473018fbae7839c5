//! What one mail says, or why it says nothing any more.

use crate::domain::contacts::email_address::EmailAddress;
use crate::flows::Error;
use crate::mail::compose::TextFile;
use crate::mail::letters::AnyMail;

/// Why nothing is said to an address that must not be mailed.
pub(super) const SUPPRESSED: &str = "the address is suppressed";
/// Why nothing is said about what was erased or purged.
pub(super) const GONE: &str = "what it was about is gone";

/// What reading a claimed mail found: what it says and to whom, or why there is nothing to say any more.
pub enum FoundContent {
    /// What it says.
    Mail(MailContent),
    /// Nothing: the reason.
    Nothing(&'static str),
    /// Nothing, for another hand changed whose the address is.
    Changed(Error),
}

/// What one mail says.
pub struct MailContent {
    /// The address.
    pub to: EmailAddress,
    /// What it says.
    pub mail: Box<dyn AnyMail>,
    /// Where one press ends such mail (RFC 8058), where it can be ended.
    pub leave: Option<String>,
    /// What goes along with it.
    pub attached: Option<TextFile>,
}

impl MailContent {
    /// A mail to this address, which nobody ends by one press, with nothing attached.
    pub(super) fn new(to: EmailAddress, mail: impl AnyMail + 'static) -> Self {
        Self { to, mail: Box::new(mail), leave: None, attached: None }
    }
}
