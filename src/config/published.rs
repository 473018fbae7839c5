//! Addresses that are published for everybody: where the sources are had, how a vulnerability is reported.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::domain::contacts::email_address::EmailAddress;

/// Where the sources of this program as it is built here are offered; blank while they have no address. Whoever changes
/// the program names their own.
pub(super) const SOURCE_URL: &str = env!("CARGO_PKG_REPOSITORY");

/// What an address may hold in a `mailto:` as it is (RFC 6068 §2).
const MAILTO: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+');

/// Where whoever uses the program gets its sources; none when it is blank.
pub(super) fn source_url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = web_address(text, &["https", "http"]);
    url.map(Some)
        .ok_or_else(|| "write an address such as https://code.example.org/assent".to_owned())
}

/// Who is told of a vulnerability; none when it is blank. RFC 9116 §2.5.3 wants `https` of addresses of the web.
pub(super) fn security_contact(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let contact = mailto(text).or_else(|| web_address(text, &["https"]));
    contact.map(Some).ok_or_else(|| {
        "write security@example.org, or an address that begins with https://".to_owned()
    })
}

fn mailto(text: &str) -> Option<Url> {
    let address = EmailAddress::parse(text.strip_prefix("mailto:").unwrap_or(text)).ok()?;
    let local = utf8_percent_encode(address.local(), MAILTO);
    Url::parse(&format!("mailto:{local}@{}", address.domain())).ok()
}

/// One of these schemes, without a password that everybody would read.
fn web_address(text: &str, schemes: &[&str]) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| schemes.contains(&url.scheme()))?;
    (url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(read: Result<Option<Url>, String>) -> Option<String> {
        read.ok().flatten().map(|url| url.to_string())
    }

    #[test]
    fn sources_may_lie_anywhere_on_the_web() {
        for url in ["https://code.example.org/assent", "http://[::1]:8080/a/b?at=main#readme"] {
            assert_eq!(shown(source_url(url)).as_deref(), Some(url));
        }
        assert_eq!(source_url(""), Ok(None));
        for wrong in [
            "code.example.org/assent",
            "/assent",
            "https://",
            "ssh://git@code.example.org/assent",
            "javascript:alert(1)",
            "https://ada:hunter2@code.example.org/assent",
            "https://:hunter2@code.example.org/assent",
        ] {
            let why = source_url(wrong).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn a_vulnerability_is_reported_by_mail_or_by_a_safe_page() {
        for (text, contact) in [
            ("security@example.org", "mailto:security@example.org"),
            ("mailto:security@example.org", "mailto:security@example.org"),
            ("a.b+c_d-e@example.org", "mailto:a.b+c_d-e@example.org"),
            ("a?b&c=d%@example.org", "mailto:a%3Fb%26c%3Dd%25@example.org"),
            ("security@bücher.example", "mailto:security@xn--bcher-kva.example"),
            ("https://example.org/report?kind=1", "https://example.org/report?kind=1"),
        ] {
            assert_eq!(shown(security_contact(text)).as_deref(), Some(contact));
        }
        assert_eq!(security_contact(""), Ok(None));
        for wrong in [
            "http://example.org/report",
            "the porter",
            "security@localhost",
            "mailto:",
            "a@example.org\nContact: mailto:b@example.org",
            "https://ada:hunter2@example.org/",
        ] {
            assert!(security_contact(wrong).is_err(), "{wrong}");
        }
    }
}
