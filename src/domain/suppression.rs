//! Addresses that must not be mailed.

/// Why an address must not be mailed; each reason covers its own kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum SuppressionReason {
    /// Left one purpose: mail for that purpose.
    Unsubscribed,
    /// Undeliverable: everything.
    Bounced,
    /// Reported as spam: everything.
    Complained,
    /// Erased: everything but a confirmation the person asks for again.
    Erased,
    /// Did not ask: confirmation mails.
    NotMe,
    /// Set by staff: everything.
    Manual,
}
