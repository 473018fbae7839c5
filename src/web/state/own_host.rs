//! The host that this site answers for.

use axum::http::uri::Authority;
use url::Url;

use crate::domain::base_url::is_this_machine;

/// The host of `base_url`.
#[derive(Clone, Debug)]
pub struct OwnHost {
    /// As browsers write it, with the port unless that is the scheme's own.
    written: String,
    host: String,
    port: u16,
    https: bool,
    loopback: bool,
}

impl OwnHost {
    /// The host that `base_url` names.
    #[must_use]
    pub fn from_base_url(base_url: &Url) -> Self {
        let host =
            without_root(&base_url.host_str().unwrap_or_default().to_ascii_lowercase()).to_owned();
        let port = base_url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Self {
            written: format!("{host}{port}"),
            host,
            port: base_url.port_or_known_default().unwrap_or(80),
            https: base_url.scheme() == "https",
            loopback: is_this_machine(base_url),
        }
    }

    /// Its name, without a port.
    pub(in crate::web) fn name(&self) -> &str {
        &self.host
    }

    /// Whether readers reach us over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether a `Host` names us, with the dot of the root behind it or without (RFC 3986 §3.2.2). On loopback, its three
    /// names are one and the port does not count.
    #[must_use]
    pub fn is(&self, host: &str) -> bool {
        // Nearly all are written like this, and need not be taken apart.
        if host == self.written && !host.is_empty() {
            return true;
        }
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        if authority.as_str().contains('@') {
            return false;
        }
        let lower = authority.host().to_ascii_lowercase();
        let name = without_root(&lower);
        if self.loopback {
            return matches!(name, "localhost" | "127.0.0.1" | "[::1]");
        }
        let port = authority.port_u16().unwrap_or(if self.https { 443 } else { 80 });
        let plain_port = authority.as_str().len() == lower.len() || authority.port_u16().is_some();
        name == self.host && port == self.port && plain_port
    }

    /// Whether an `Origin` is ours.
    #[must_use]
    pub fn is_origin(&self, origin: &str) -> bool {
        let scheme = if self.https { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|host| self.is(host))
    }
}

/// A name without the dot of the root at its end, which browsers send where somebody typed it.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(base_url: &str) -> OwnHost {
        OwnHost::from_base_url(&Url::parse(base_url).unwrap())
    }

    #[test]
    fn loopback_names_are_one() {
        let own = own("http://127.0.0.1:8080");
        for host in
            ["localhost", "127.0.0.1:9", "[::1]:8080", "LOCALHOST:1", "localhost.", "localhost.:1"]
        {
            assert!(own.is(host), "{host}");
        }
        for host in
            ["evil.test", "127.0.0.1.evil.test", "localhost@evil.test", "", "127.0.0.2", "a b"]
        {
            assert!(!own.is(host), "{host}");
        }
    }

    #[test]
    fn the_host_of_the_base_url_is_our_own_as_browsers_write_it() {
        for (base_url, written) in [
            ("https://reports.example.org", "reports.example.org"),
            ("https://Reports.example.org:443/", "reports.example.org"),
            ("http://reports.example.org:8080", "reports.example.org:8080"),
            ("https://reports.example.org:80", "reports.example.org:80"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.2:8080", "127.0.0.2:8080"),
            ("http://[2001:db8::7]:8080", "[2001:db8::7]:8080"),
        ] {
            let own = own(base_url);
            assert_eq!(own.written, written, "{base_url}");
            assert!(own.is(written) && !own.is(""), "{base_url}");
        }
    }

    #[test]
    fn a_base_url_with_the_dot_is_the_same() {
        let own = own("https://reports.example.org./");
        assert!(own.is("reports.example.org") && own.is("reports.example.org."));
    }

    #[test]
    fn elsewhere_the_port_counts() {
        let own = own("https://reports.example.org");
        for host in [
            "reports.example.org",
            "Reports.Example.org:443",
            "reports.example.org.",
            "Reports.example.org.:443",
        ] {
            assert!(own.is(host), "{host}");
        }
        for host in [
            "reports.example.org:80",
            "example.org",
            "reports.example.org..",
            "reports.example.org.:80",
            ".reports.example.org",
            ".",
            "localhost",
            "reports.example.org:",
            "reports.example.org:99999",
            "u@reports.example.org",
        ] {
            assert!(!own.is(host), "{host}");
        }
        assert!(own.is_origin("https://reports.example.org"));
        assert!(own.is_origin("https://reports.example.org."));
        assert!(!own.is_origin("http://reports.example.org") && !own.is_origin("null"));
    }
}
