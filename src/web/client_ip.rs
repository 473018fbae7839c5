//! Where a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The right-most hop that is not one of our own proxies. What stands further left was written by
/// whoever sent the request and is worth nothing.
pub(super) fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    // Lists may have empty members (RFC 9110 §5.6.1), as behind a comma at their end.
    let hops = lines.iter().flat_map(|line| line.split(',')).map(str::trim);
    let mut hops: Vec<&str> = hops.filter(|hop| !hop.is_empty()).collect();
    while is_trusted(client, trusted) {
        let Some(hop) = hops.pop().and_then(hop_ip) else {
            break;
        };
        client = hop.to_canonical();
    }
    client
}

/// Whether this is one of our own proxies.
pub(super) fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&ip.to_canonical()))
}

/// The address of one hop, however its proxy writes it: alone, with the port it came from, in brackets, in quotation
/// marks.
fn hop_ip(hop: &str) -> Option<IpAddr> {
    let quoted = hop.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let hop = quoted.unwrap_or(hop).trim();
    if let Ok(ip) = hop.parse() {
        return Some(ip);
    }
    let (ip, port) = if let Some(rest) = hop.strip_prefix('[') {
        let (ip, after) = rest.split_once(']')?;
        let ip = IpAddr::V6(ip.parse().ok()?);
        if after.is_empty() {
            return Some(ip);
        }
        (ip, after.strip_prefix(':')?)
    } else {
        let (ip, port) = hop.split_once(':')?;
        (IpAddr::V4(ip.parse().ok()?), port)
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_port.then_some(ip)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn from(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append("x-forwarded-for", value);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        client_ip(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        assert_eq!(from("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(from("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.2.3.4"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["1.1.1.1, nonsense"]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(from("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn hops_are_read_however_they_are_written() {
        for written in [
            "198.51.100.7:50123",
            "\"198.51.100.7\"",
            "\"198.51.100.7:50123\"",
            "198.51.100.7,",
            "198.51.100.7 , ,",
            " 198.51.100.7:1 , 10.2.3.4:443 ,",
            "[::ffff:198.51.100.7]:1",
            "1.1.1.1:1,198.51.100.7:65535",
        ] {
            assert_eq!(from("10.0.0.1", &[written]), "198.51.100.7", "{written}");
        }
        for written in [
            "2001:db8::7",
            "[2001:db8::7]",
            "[2001:db8::7]:50123",
            "\"[2001:db8::7]:50123\"",
            "[2001:DB8::7],",
        ] {
            assert_eq!(from("10.0.0.1", &[written]), "2001:db8::7", "{written}");
        }
        for nonsense in [
            "unknown",
            "198.51.100.7:",
            "198.51.100.7:x",
            "198.51.100.7:99999",
            "198.51.100.7:+1",
            "[2001:db8::7",
            "[2001:db8::7]x",
            "[198.51.100.7]:1",
            "[]:1",
            "\"198.51.100.7",
            "_hidden",
            "198.51.100",
            ",,",
            "\"\"",
            "\u{e4}",
        ] {
            assert_eq!(from("10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense}");
        }
        assert_eq!(from("10.0.0.1", &["\u{e4}, 198.51.100.7:1", ","]), "198.51.100.7");
    }
}
