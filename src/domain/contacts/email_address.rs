//! E-mail addresses, parsed once at the door.

use std::fmt;
use std::str::FromStr;

use crate::domain::text::trimmed;

/// An address that mail can be sent to: `local@domain`, the local part in ASCII as it was typed, the
/// domain in lower-case A-labels (RFC 5890). Stricter than RFC 5321 where the rest only helps attackers: no quoted
/// local parts, no address literals, no host without a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

/// Why a text is not an address we can mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    /// Nothing was typed.
    #[error("Enter your work email address")]
    Empty,
    /// RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all.
    #[error("Enter an email address of at most 254 characters, with at most 64 before the @")]
    TooLong,
    /// Anything else that is not one plain address.
    #[error("Enter an email address in the form name@example.gov.uk")]
    Malformed,
}

const LOCAL_MAX: usize = 64;
const WHOLE_MAX: usize = 254;

impl EmailAddress {
    /// An address for samples of pages and mails: `reader@council.example`.
    #[must_use]
    pub fn sample() -> Self {
        Self { text: "reader@council.example".to_owned(), at: "reader".len() }
    }

    /// Reads one address; what cannot be seen around it is dropped, for people paste it.
    ///
    /// # Errors
    /// Says what to do when the text is empty, too long or not one plain address.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        use EmailAddressError::{Empty, Malformed, TooLong};
        let text = trimmed(text);
        if text.is_empty() {
            return Err(Empty);
        }
        let (local, domain) = text.split_once('@').ok_or(Malformed)?;
        if local.len() > LOCAL_MAX || text.len() > 4 * WHOLE_MAX {
            return Err(TooLong);
        }
        if !is_dot_atom(local) {
            return Err(Malformed);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| Malformed)?;
        if !is_mail_domain(&domain) {
            return Err(Malformed);
        }
        let text = format!("{local}@{domain}");
        if text.len() > WHOLE_MAX {
            return Err(TooLong);
        }
        Ok(Self { at: local.len(), text })
    }

    /// The address as it is mailed to and shown to its owner.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the @.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the @.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The form that tells one subscriber from another: lower case, else as typed.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.text.to_ascii_lowercase()
    }

    /// The form that limits are counted by: a `+tag` dropped, and dots dropped where the mailbox
    /// ignores them, so that one mailbox has one bucket. Never used to tell subscribers apart.
    #[must_use]
    pub fn folded(&self) -> String {
        let lower = self.local().to_ascii_lowercase();
        let base = lower.split('+').next().filter(|base| !base.is_empty()).unwrap_or(&lower);
        match self.domain() {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", base.replace('.', "")),
            domain => format!("{base}@{domain}"),
        }
    }

    /// The form for pages that may be forwarded: `s…@leeds.gov.uk`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first: String = self.local().chars().take(1).collect();
        format!("{first}…@{}", self.domain())
    }
}

/// The atoms of RFC 5322 §3.2.3, joined by single dots.
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    })
}

/// At least two labels of letters, digits and hyphens, the last not a number (that would be an
/// address literal in disguise).
fn is_mail_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let well_formed = labels.iter().all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    });
    let named = labels.last().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
    labels.len() >= 2 && well_formed && named
}

impl FromStr for EmailAddress {
    type Err = EmailAddressError;
    fn from_str(text: &str) -> Result<Self, EmailAddressError> {
        Self::parse(text)
    }
}

impl AsRef<str> for EmailAddress {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl serde::Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> String {
        EmailAddress::parse(text).map_or_else(|e| format!("{e:?}"), |a| a.to_string())
    }

    #[test]
    fn accepts_what_people_have() {
        for (typed, kept) in [
            ("ada@example.gov.uk", "ada@example.gov.uk"),
            ("  ada@example.gov.uk ", "ada@example.gov.uk"),
            ("\u{a0}\u{2009}ada@example.gov.uk\u{200b}\u{feff}\t", "ada@example.gov.uk"),
            ("\u{200e}\u{2068}ada@example.gov.uk\u{2069}", "ada@example.gov.uk"),
            ("Ada.Hughes+report@Example.Gov.UK", "Ada.Hughes+report@example.gov.uk"),
            ("o'neill@example.org", "o'neill@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(parsed(typed), kept);
        }
    }

    #[test]
    fn refuses_what_attackers_send() {
        for text in [
            "ada",
            "@b.test",
            "ada@",
            "ada@localhost",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@@b.test",
            "\"<script>\"@b.test",
            "a b@c.test",
            "a@b.test,c@d.test",
            "a@b.test;c@d.test",
            "a@b.test\r\nBcc: c@d.test",
            "a@b.test\0",
            "a\u{200b}@b.test",
            "ä@b.test",
            "a@b_c.test",
            "a@-b.test",
            "a@b-.test",
            ".a@b.test",
            "a.@b.test",
            "a..b@c.test",
            "a@b..test",
            "a@b.test.",
            "<a@b.test>",
            "Ada <a@b.test>",
            "mailto:a@b.test",
            "a@b.test\u{202e}",
            "a%40b.test",
        ] {
            assert_eq!(parsed(text), "Malformed", "{text:?}");
        }
        assert_eq!(parsed(" "), "Empty");
    }

    #[test]
    fn holds_the_limits_of_rfc_5321() {
        let domain = format!("{}.{}.{}.test", "d".repeat(61), "d".repeat(61), "d".repeat(60));
        let local = "l".repeat(64);
        let longest = format!("{local}@{domain}");
        assert_eq!(longest.len(), 254);
        assert_eq!(parsed(&longest), longest);
        assert_eq!(parsed(&format!("{local}@d{domain}")), "TooLong");
        assert_eq!(parsed(&format!("l{local}@b.test")), "TooLong");
        assert_eq!(parsed(&"a".repeat(100_000)), "Malformed");
    }

    #[test]
    fn a_dotless_i_never_becomes_an_i() {
        assert_ne!(parsed("a@g\u{131}thub.test"), "a@github.test");
    }

    #[test]
    fn gmail_dots_are_two_subscribers_and_one_bucket() {
        let (a, b) = (
            EmailAddress::parse("ada.h+x@gmail.com").unwrap(),
            EmailAddress::parse("adah@googlemail.com").unwrap(),
        );
        assert_ne!(a.normalised(), b.normalised());
        assert_eq!(a.folded(), b.folded());
        let c = EmailAddress::parse("ada.h+x@example.org").unwrap();
        assert_eq!(c.folded(), "ada.h@example.org");
        assert_eq!(c.masked(), "a…@example.org");
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_plain_ascii_line(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(address.as_str().is_ascii());
                prop_assert!(!address.as_str().contains(char::is_whitespace));
                prop_assert_eq!(address.as_str().matches('@').count(), 1);
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
