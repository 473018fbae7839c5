//! Addresses that must not be mailed.

use strum::{AsRefStr, EnumString, IntoStaticStr};

/// Why an address must not be mailed; each reason covers its own kind of mail.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    AsRefStr,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
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

impl SuppressionReason {
    /// All of them, those that staff look at first in front.
    pub const ALL: [Self; 6] = [
        Self::Bounced,
        Self::Complained,
        Self::Manual,
        Self::NotMe,
        Self::Unsubscribed,
        Self::Erased,
    ];

    /// The word in the database, in addresses and in the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether staff may lift it. Who left or was erased comes back by their own press alone (GDPR Art. 7(3),
    /// 17).
    #[must_use]
    pub fn is_lifted_by_staff(self) -> bool {
        !matches!(self, Self::Unsubscribed | Self::Erased)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_word() {
        for reason in SuppressionReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        assert_eq!(SuppressionReason::NotMe.as_str(), "not-me");
        assert!("*".parse::<SuppressionReason>().is_err());
    }
}
