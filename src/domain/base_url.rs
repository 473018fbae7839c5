//! What follows from the address of the installation.

use url::Url;

/// The origin of all links, without a slash at its end.
#[must_use]
pub fn origin(base_url: &Url) -> &str {
    base_url.as_str().trim_end_matches('/')
}

/// Its host, as mail names it: what stands behind the `@` of a Message-ID, and who greets a relay.
#[must_use]
pub fn host(base_url: &Url) -> &str {
    base_url.host_str().unwrap_or("localhost")
}
