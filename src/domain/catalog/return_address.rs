//! Where readers can go on once they have a report: a page of the publisher's own.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::domain::base_url::is_this_machine;

/// Longer than what anybody writes down.
const MOST: usize = 500;

/// The address of a page, which is linked as it is and never led to. Whether it is shown is decided by its origin each time:
/// the sites of `embed_origins` may be others later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnAddress {
    url: Url,
    origin: String,
}

/// What is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the whole address of a page, over https, such as https://www.example.org/thanks")]
pub struct NoReturnAddress;

impl ReturnAddress {
    /// The site that the page is of.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its name, for people.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether its site is one of these.
    #[must_use]
    pub fn is_of(&self, sites: &[String]) -> bool {
        sites.contains(&self.origin)
    }
}

/// Over TLS, unless it is on the machine that asks, and without a password that everybody would read.
impl FromStr for ReturnAddress {
    type Err = NoReturnAddress;

    fn from_str(text: &str) -> Result<Self, NoReturnAddress> {
        let url = Url::parse(text).map_err(|_| NoReturnAddress)?;
        let is_safe = match url.scheme() {
            "https" => true,
            "http" => is_this_machine(&url),
            _ => false,
        };
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_safe || !is_plain || !url.has_host() || url.as_str().len() > MOST {
            return Err(NoReturnAddress);
        }
        Ok(Self { origin: url.origin().ascii_serialization(), url })
    }
}

impl fmt::Display for ReturnAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl AsRef<str> for ReturnAddress {
    fn as_ref(&self) -> &str {
        self.url.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_site_is_one() {
        for (text, written, origin, host) in [
            (
                "https://www.example.org/thanks",
                "https://www.example.org/thanks",
                "https://www.example.org",
                "www.example.org",
            ),
            (
                "HTTPS://Shop.Example:8443",
                "https://shop.example:8443/",
                "https://shop.example:8443",
                "shop.example",
            ),
            (
                "https://a.example/?page_id=12#top",
                "https://a.example/?page_id=12#top",
                "https://a.example",
                "a.example",
            ),
            ("http://127.0.0.1:81/x", "http://127.0.0.1:81/x", "http://127.0.0.1:81", "127.0.0.1"),
        ] {
            let address: ReturnAddress = text.parse().unwrap();
            assert_eq!(address.as_ref(), written);
            assert_eq!((address.origin(), address.host()), (origin, host));
            assert_eq!(written.parse(), Ok(address.clone()), "as it is written");
            assert!(address.is_of(&[origin.to_owned()]) && !address.is_of(&[]));
        }
    }

    #[test]
    fn what_is_no_page_is_none() {
        let long = format!("https://a.example/{}", "x".repeat(MOST));
        for text in [
            "",
            "/thanks",
            "www.example.org/thanks",
            "http://www.example.org/thanks",
            "https://",
            "https://ada:secret@a.example/",
            "https://ada@a.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:ada@a.example",
            &long,
        ] {
            assert_eq!(text.parse::<ReturnAddress>(), Err(NoReturnAddress), "{text}");
        }
    }
}
