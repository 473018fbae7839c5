//! Which addresses of the network belong to everybody: what somebody else names may lead nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address can be reached from everywhere, by the registries of special-purpose addresses (RFC 6890): no
/// address of this machine or of a network of our own, also not by a way around through IPv6.
#[must_use]
pub fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match a {
        // This network, loopback, what is private (RFC 1918); multicast, reserved, broadcast.
        0 | 10 | 127 | 224..=255 => true,
        // Behind the NAT of a carrier (RFC 6598).
        100 => (64..128).contains(&b),
        // Link-local, where clouds tell machines their secrets.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Assignments, documentation, 6to4 relays, AS112, private, AMT.
        192 => {
            matches!((b, c), (0, 0 | 2) | (88, 99) | (31, 196) | (52, 193) | (168, _) | (175, 48))
        }
        // Benchmarks and documentation.
        198 => matches!((b, c), (18 | 19, _) | (51, 100)),
        203 => (b, c) == (0, 113),
        _ => false,
    };
    !special
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // Of what is given out (2000::/3) alone: not loopback, unspecified, v4-mapped and -compatible, NAT64 (64:ff9b::/96 and
    // 64:ff9b:1::/48), discard, unique local, link-local, site-local, multicast.
    let given_out = segments[0] & 0xe000 == 0x2000;
    let special = match (segments[0], segments[1]) {
        // Teredo, ORCHID, benchmarks and all else for protocols (RFC 2928); documentation; 6to4, which leads to an IPv4.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) => true,
        // AS112 (RFC 7535), documentation (RFC 9637).
        (0x2620, 0x004f) => segments[2] == 0x8000,
        (0x3fff, second) => second < 0x1000,
        _ => false,
    };
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_somebody_is_not_global() {
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "64:ff9b:1:ffff::808:808",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:c0a8:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_global(special.parse().unwrap()), "{special}");
        }
        for global in [
            "1.1.1.1",
            "8.8.8.8",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.1.1",
            "198.20.1.1",
            "203.0.112.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_global(global.parse().unwrap()), "{global}");
        }
    }
}
