//! Signs mail for the domain it comes from (DKIM, RFC 6376; Ed25519: RFC 8463). The same mail gets the same
//! signature on every try: its time is that of the mail, and both algorithms are without chance.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::dkim_key::DkimKey;
use crate::domain::timestamp::Timestamp;

/// What is signed, once more than it occurs: then nobody can add a second one that readers would see
/// (RFC 6376 §8.15), nor a header of these where there was none.
const SIGNED: [&str; 25] = [
    "from",
    "to",
    "cc",
    "reply-to",
    "sender",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "auto-submitted",
    "disposition-notification-to",
    "return-receipt-to",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-help",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
];

/// Signs for one domain, with each of its keys.
#[derive(Clone, Debug)]
pub struct Dkim {
    /// The domain that vouches: that of the sender's address, or one above it.
    pub domain: String,
    /// Each key makes a signature of its own; a receiver needs to understand one.
    pub keys: Vec<DkimKey>,
}

impl Dkim {
    /// The header fields that sign this message, to be put before it; `None` when it cannot be signed.
    #[must_use]
    pub fn signatures(&self, message: &[u8], at: Timestamp) -> Option<Vec<u8>> {
        let (head, body) = split(message)?;
        let fields = fields(head);
        let body_hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let (names, signed) = select(&fields);
        let mut signatures = Vec::new();
        for key in &self.keys {
            let mut field = format!(
                "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={}; t={}; bh={body_hash};\r\n\t\
                 h={names};\r\n\tb=",
                key.algorithm(),
                self.domain,
                key.selector,
                at.micros() / 1_000_000,
            );
            let mut data = signed.clone();
            // The signature signs its own field too, as far as it is written by now (§3.7).
            data.push_str(relaxed(&field).trim_end_matches("\r\n"));
            fold(&STANDARD.encode(key.sign(data.as_bytes())?), &mut field);
            signatures.extend_from_slice(field.as_bytes());
        }
        Some(signatures)
    }
}

/// The head with its last line end, and the body; `None` for what is no message.
fn split(message: &[u8]) -> Option<(&str, &[u8])> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&message[..end + 2]).ok()?;
    Some((head, &message[end + 4..]))
}

/// The header fields as they stand, each with its continuation lines.
fn fields(head: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for line in head.split_inclusive("\r\n") {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => field.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    fields
}

/// The list of names for `h=`, and what they stand for, canonical: of several fields with one name the last
/// is taken first (§5.4.2), and a name beyond the last field stands for nothing.
fn select(fields: &[String]) -> (String, String) {
    let (mut names, mut signed) = (Vec::new(), String::new());
    for name in SIGNED {
        names.push(name);
        for field in fields.iter().rev().filter(|field| is_named(field, name)) {
            signed.push_str(&relaxed(field));
            names.push(name);
        }
    }
    let lines: Vec<String> = names.chunks(5).map(|names| names.join(":")).collect();
    (lines.join(":\r\n\t "), signed)
}

fn is_named(field: &str, name: &str) -> bool {
    field.split_once(':').is_some_and(|(given, _)| given.trim_end().eq_ignore_ascii_case(name))
}

/// One field in relaxed form (§3.4.2): name in lower case, unfolded, runs of white space as one space.
fn relaxed(field: &str) -> String {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    format!("{}:{}\r\n", name.trim_end().to_ascii_lowercase(), words.join(" "))
}

/// The body in relaxed form (§3.4.4): white space at line ends dropped, elsewhere one space for each run;
/// empty lines at the end dropped.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut empty_lines = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let end = line.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
        if end == 0 {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            out.extend_from_slice(b"\r\n");
        }
        let mut blank = false;
        for byte in &line[..end] {
            if is_blank(*byte) {
                blank = true;
                continue;
            }
            if std::mem::take(&mut blank) {
                out.push(b' ');
            }
            out.push(*byte);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A long value over several lines, and the end of its field.
fn fold(value: &str, field: &mut String) {
    for (n, part) in value.as_bytes().chunks(72).enumerate() {
        if n > 0 {
            field.push_str("\r\n\t ");
        }
        field.extend(part.iter().map(|byte| char::from(*byte)));
    }
    field.push_str("\r\n");
}

impl Dkim {
    /// The DNS records that its keys must stand in: name and text of each.
    #[must_use]
    pub fn records(&self) -> Vec<(String, String)> {
        self.keys.iter().map(|key| (key.record_name(&self.domain), key.record())).collect()
    }
}

/// A DNS text as zone files want it: in strings of at most 255 bytes.
#[must_use]
pub fn zone_text(text: &str) -> String {
    let mut quoted = String::new();
    for part in text.as_bytes().chunks(255) {
        let separator = if quoted.is_empty() { "" } else { " " };
        // A write to a string does not fail.
        let _ = write!(quoted, "{separator}\"{}\"", String::from_utf8_lossy(part));
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_relaxed_as_the_rfc_shows() {
        // RFC 6376 §3.4.5.
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        for (body, expected) in [
            (&b""[..], &b""[..]),
            (b"\r\n", b""),
            (b"\r\n\r\n \t\r\n", b""),
            (b"a", b"a\r\n"),
            (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
            (b"a \t b\r\n", b"a b\r\n"),
        ] {
            assert_eq!(relaxed_body(body), expected, "{:?}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn fields_are_relaxed_as_the_rfc_shows() {
        let fields = fields("A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let relaxed: Vec<String> = fields.iter().map(|field| relaxed(field)).collect();
        assert_eq!(relaxed, ["a:X\r\n", "b:Y Z\r\n"]);
    }

    #[test]
    fn long_records_are_cut_for_zone_files() {
        let text = "x".repeat(300);
        let zone = zone_text(&text);
        assert_eq!(zone.len(), 300 + 2 + 3);
        assert_eq!(zone.replace("\" \"", "").trim_matches('"'), text);
    }
}
