//! What each mail carries so that the relay's events lead back to it: the same MAC that its envelope sender has.

use uuid::Uuid;

use super::relay::{EventRelay, NAME};
use crate::domain::signup::link::LinkSecrets;

/// The header whose tags Amazon SES keeps beside a mail.
pub(super) const SES_TAGS: &str = "X-SES-MESSAGE-TAGS";

/// Marks mails for one relay.
#[derive(Clone)]
pub struct Marks {
    /// Whose events are expected.
    pub relay: EventRelay,
    /// What signs the marks.
    pub secrets: LinkSecrets,
}

impl Marks {
    /// The header that this relay gives back with its events: name and value, which fits on a line.
    #[must_use]
    pub fn header(&self, outbox_id: Uuid) -> (&'static str, String) {
        let token = self.secrets.return_token(outbox_id);
        match self.relay {
            EventRelay::Ses => (SES_TAGS, format!("{NAME}={token}")),
            // `NAME`, for names of headers are constants.
            EventRelay::Postmark => ("X-PM-Metadata-assent-mail", token),
            EventRelay::SendGrid => {
                ("X-SMTPAPI", format!(r#"{{"unique_args":{{"{NAME}":"{token}"}}}}"#))
            }
            EventRelay::Mailgun => ("X-Mailgun-Variables", format!(r#"{{"{NAME}":"{token}"}}"#)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_what_the_relay_takes() {
        let secrets = LinkSecrets::new([7; 32], &[]);
        let id = Uuid::from_u128(0x1234);
        let token = secrets.return_token(id);
        let header = |relay| Marks { relay, secrets: secrets.clone() }.header(id);
        // Tags: letters, digits, `_` and `-`, 256 at most; metadata: 20 for the name, 80 for the value.
        assert_eq!(header(EventRelay::Ses).1, format!("assent-mail={token}"));
        let (name, value) = header(EventRelay::Postmark);
        assert_eq!(name.strip_prefix("X-PM-Metadata-"), Some(NAME));
        assert!(NAME.len() <= 20 && value == token && token.len() <= 80);
        let json = |relay| serde_json::from_str::<serde_json::Value>(&header(relay).1).unwrap();
        assert_eq!(json(EventRelay::SendGrid)["unique_args"][NAME], token.as_str());
        assert_eq!(json(EventRelay::Mailgun)[NAME], token.as_str());
    }
}
