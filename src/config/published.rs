//! Addresses that are published for everybody: where the sources are had.

use url::Url;

/// Where the sources of this program as it is built here are offered; blank while they have no address. Whoever changes
/// the program names their own.
pub(super) const SOURCE_URL: &str = env!("CARGO_PKG_REPOSITORY");

/// Where whoever uses the program gets its sources; none when it is blank.
pub(super) fn source_url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = web_address(text, &["https", "http"]);
    url.map(Some)
        .ok_or_else(|| "write an address such as https://code.example.org/assent".to_owned())
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
}
