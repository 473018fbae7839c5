//! What follows from the address of the installation.

use url::{Host, Url};

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

/// Whether an address names the machine that asks it.
#[must_use]
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
