//! Requests that no server may answer as if they were sound (RFC 9112), and that hyper lets through: which host is
//! asked, and how the body arrives, must not depend on who reads them.

use axum::extract::Request;
use axum::http::{HeaderMap, Version, header};

use crate::web::Error;

/// Refuses a request that names no host or several, and one whose body is coded in a way that is not known here.
pub(in crate::web) fn check(request: &Request) -> Result<(), Error> {
    check_host(request.version(), request.headers())?;
    check_coding(request.headers())
}

/// One host and a sound one; HTTP/1.0 may do without (RFC 9112 §3.2).
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Error> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        (None, _) if version < Version::HTTP_11 => Ok(()),
        _ => Err(Error::UnclearHost),
    }
}

/// Whether these bytes can be a host and a port, be it an empty one (RFC 9110 §7.2, RFC 3986 §3.2.2).
fn is_host(text: &[u8]) -> bool {
    let literal = text.strip_prefix(b"[").and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b']')?;
        Some((rest.get(..end)?, rest.get(end + 1..)?))
    });
    let (name, port) = literal.unwrap_or_else(|| {
        let end = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        text.split_at(end)
    });
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(byte);
    let of_address = |byte: &u8| byte.is_ascii_alphanumeric() || b":.".contains(byte);
    let is_name = match literal {
        Some(_) => !name.is_empty() && name.iter().all(of_address),
        None => name.iter().all(of_name),
    };
    let digits = port.strip_prefix(b":").unwrap_or(port);
    is_name && (port.is_empty() || port.starts_with(b":")) && digits.iter().all(u8::is_ascii_digit)
}

/// Chunked, once, is the one coding that is undone here; hyper refuses whatever does not end with it.
fn check_coding(headers: &HeaderMap) -> Result<(), Error> {
    let lines = headers.get_all(header::TRANSFER_ENCODING);
    let codings = lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut codings = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty());
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(only), None) if only.eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Error::UnknownCoding),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn lines(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn one_sound_host_is_named() {
        let named =
            |version, hosts: &[&str]| check_host(version, &lines(&header::HOST, hosts)).is_ok();
        for sound in [
            "",
            ":",
            "example.org",
            "example.org:8080",
            "EXAMPLE.org.",
            "my_host",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:80",
            "[v1.a:b]",
            "xn--bcher-kva.example",
            "a,b",
            "10.1.2.3:",
        ] {
            assert!(named(Version::HTTP_11, &[sound]), "{sound}");
        }
        for broken in [
            "a b",
            "a, b",
            "eve@example.org",
            "example.org:80@evil.example",
            "example.org/",
            "a:b",
            "a:1:2",
            "[::1",
            "[::1]80",
            "[]",
            "::1",
            "http://example.org",
            "b\u{fc}cher.example",
            "a?b",
            "a\"b",
        ] {
            assert!(!named(Version::HTTP_11, &[broken]), "{broken}");
            assert!(!named(Version::HTTP_10, &[broken]), "{broken}");
        }
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(!named(version, &["example.org", "example.org"]));
            assert!(!named(version, &["example.org", ""]));
        }
        assert!(!named(Version::HTTP_11, &[]));
        assert!(named(Version::HTTP_10, &[]));
    }

    #[test]
    fn one_coding_is_known() {
        let known =
            |codings: &[&str]| check_coding(&lines(&header::TRANSFER_ENCODING, codings)).is_ok();
        for sound in [&[][..], &["chunked"], &["Chunked"], &[" chunked ,"], &["", "chunked"]] {
            assert!(known(sound), "{sound:?}");
        }
        for other in [
            &["gzip, chunked"][..],
            &["gzip", "chunked"],
            &["chunked, chunked"],
            &["chunked", "chunked"],
            &["identity, chunked"],
            &["gzip,chunked"],
            &["gzip"],
            &["chunked;q=1"],
            &["x\u{e4}"],
        ] {
            assert!(!known(other), "{other:?}");
        }
    }
}
