//! The bundle: the whole ledger, or one person's part of it, as plain files that anyone can check.
//!
//! A directory holds `events.ndjson` (a line for each event, in the order of the tree), `checkpoint`
//! (the signed note over the tree), `keys.json` (the keys it may be signed with), `contexts/` (what events
//! share), `notices/` (words) and `forms/` (blank forms), each by its SHA-256, `policies/` (texts by their label) and
//! `timestamps/` (what others say of the time, by the day). A partial bundle leaves lines out, gives each of its own
//! an inclusion proof, and has the signed word `extent.jws` on how many those are. Nothing else lies in one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub use super::jwks::{JWKS_TYPE, KeysError, jwks, keys_json, read_keys};
use super::note::encode_hash;
use super::tree::Hash;

/// The file with a line for each event.
pub const EVENTS: &str = "events.ndjson";

/// The file with the signed checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// The file with the published keys.
pub const KEYS: &str = "keys.json";

/// In a bundle of one person, the file with the signed word on how many events those are.
pub const EXTENT: &str = "extent.jws";

/// The folder with what others say of the time.
pub const TIMESTAMPS: &str = "timestamps";

/// The folders.
pub const FOLDERS: [&str; 5] = ["contexts", "forms", "notices", "policies", TIMESTAMPS];

/// Those of them whose files events lead to.
pub const DOCUMENTS: [&str; 4] = ["contexts", "forms", "notices", "policies"];

/// The file with the words of a notice, by the lower-case hex SHA-256 of their UTF-8 bytes.
#[must_use]
pub fn notice_file(sha256: &str) -> String {
    format!("notices/{sha256}.txt")
}

/// The file with a context that events name, by the lower-case hex SHA-256 of its RFC 8785 text.
#[must_use]
pub fn context_file(sha256: &str) -> String {
    format!("contexts/{sha256}.json")
}

/// The files in which a blank form may be, by the lower-case hex SHA-256 of its UTF-8 bytes: a page as it was shown, or the
/// document of what others were told to draw.
#[must_use]
pub fn form_files(sha256: &str) -> [String; 2] {
    ["html", "json"].map(|ending| format!("forms/{sha256}.{ending}"))
}

/// The file with the text of a policy version, by its label.
#[must_use]
pub fn policy_file(label: &str) -> String {
    format!("policies/{label}.md")
}

/// The file with the time stamp of a day, such as `2026-11-23`, and that with the signed checkpoint that it is over.
#[must_use]
pub fn stamp_files(day: &str) -> (String, String) {
    (format!("{TIMESTAMPS}/{day}.tsr"), format!("{TIMESTAMPS}/{day}.checkpoint"))
}

/// Whether a text is a policy's label, and so the name of a file that stays within its folder: 1 to 64 of letters,
/// digits, `.`, `-` and `_`, and not marks alone.
#[must_use]
pub fn is_label(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// One line of `events.ndjson` as it is written.
#[derive(Clone, Copy, Debug)]
pub struct NewLine<'a> {
    /// Its place in the tree.
    pub index: u64,
    /// The leaf.
    pub leaf: &'a str,
    /// The salt of its commitment; none after erasure.
    pub salt: Option<&'a [u8]>,
    /// The RFC 8785 text that the leaf commits to; none after erasure.
    pub body: Option<&'a str>,
    /// In a partial bundle, the inclusion proof.
    pub proof: Option<&'a [Hash]>,
}

impl NewLine<'_> {
    /// The line, with its newline.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { index, leaf, salt, body, proof } = self;
        let mut line = format!(r#"{{"index":{index},"leaf":{}"#, Value::from(*leaf));
        // Writing to a text cannot fail.
        if let Some(salt) = salt {
            let _ = write!(line, r#","salt":"{}""#, URL_SAFE_NO_PAD.encode(salt));
        }
        if let Some(body) = body {
            let _ = write!(line, r#","body":{body}"#);
        }
        if let Some(proof) = proof {
            let proof = proof.iter().map(encode_hash).collect::<Value>();
            let _ = write!(line, r#","proof":{proof}"#);
        }
        line.push_str("}\n");
        line
    }
}

/// One line of `events.ndjson` as it was read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLine<'a> {
    /// Its place in the tree.
    pub index: u64,
    /// The leaf, word for word.
    #[serde(borrow)]
    pub leaf: Cow<'a, str>,
    /// The salt of its commitment, base64url without padding; none after erasure.
    #[serde(borrow, default)]
    pub salt: Option<Cow<'a, str>>,
    /// The body as it stands in the line; none after erasure.
    #[serde(borrow, default)]
    pub body: Option<&'a RawValue>,
    /// In a partial bundle, the inclusion proof.
    #[serde(default)]
    pub proof: Option<Vec<String>>,
}

impl<'a> EventLine<'a> {
    /// Reads a line, with or without its newline; `None` when it is not one.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_str(std::str::from_utf8(line).ok()?).ok()
    }
}

/// The first member of a line that no event has; `None` where there is none, or the line is no JSON object.
#[must_use]
pub fn unknown_member(line: &[u8]) -> Option<String> {
    const KNOWN: [&str; 5] = ["index", "leaf", "salt", "body", "proof"];
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(line).ok()?;
    members.into_keys().find(|name| !KNOWN.contains(&name.as_str()))
}

/// The salt of a commitment from its text; `None` unless it is base64url of 32 bytes without padding.
#[must_use]
pub fn decode_salt(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_type::EventType;
    use crate::leaf::LeafHead;

    #[test]
    fn a_line_reads_as_written() {
        let text = LeafHead::of_event(EventType::Given).leaf(&[7; 32], r#"{"a":"b"}"#);
        let line = NewLine {
            index: 3,
            leaf: &text,
            salt: Some(&[7; 32]),
            body: Some(r#"{"a":"b"}"#),
            proof: Some(&[[1; 32]]),
        }
        .text();
        assert_eq!(line.matches('\n').count(), 1);
        let read = EventLine::parse(line.as_bytes()).unwrap();
        assert_eq!((read.index, &*read.leaf), (3, &*text));
        assert_eq!(decode_salt(&read.salt.unwrap()), Some([7; 32]));
        assert_eq!(read.body.unwrap().get(), r#"{"a":"b"}"#);
        assert_eq!(read.proof.unwrap(), [encode_hash(&[1; 32])]);
    }

    #[test]
    fn an_erased_line_has_its_leaf_alone() {
        let text = LeafHead::of_event(EventType::Given).leaf(&[7; 32], "{}");
        let line = NewLine { index: 0, leaf: &text, salt: None, body: None, proof: None }.text();
        assert_eq!(line, format!("{{\"index\":0,\"leaf\":{}}}\n", Value::from(text)));
        let read = EventLine::parse(line.as_bytes()).unwrap();
        assert!(read.salt.is_none() && read.body.is_none() && read.proof.is_none());
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "{}",
            r#"{"index":-1,"leaf":"x"}"#,
            r#"{"index":0,"leaf":"x","leaf":"y"}"#,
            r#"{"index":0,"leaf":"x"} {}"#,
        ] {
            assert!(EventLine::parse(line.as_bytes()).is_none(), "{line}");
            assert_eq!(unknown_member(line.as_bytes()), None, "{line}");
        }
        let line = br#"{"index":0,"leaf":"x","note":"unknown"}"#;
        assert!(EventLine::parse(line).is_none());
        assert_eq!(unknown_member(line).as_deref(), Some("note"));
        assert!(EventLine::parse(b"{\"index\":0,\"leaf\":\"\xff\"}").is_none());
    }
}
