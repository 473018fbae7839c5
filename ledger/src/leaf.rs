//! Salted commitments, so that erasure can drop body and salt while every proof still holds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use serde::Serialize;

use super::digest::keyed;
use super::event_type::EventType;
use super::record::RecordType;

/// An event's body as RFC 8785 text: the bytes that are committed to.
///
/// # Errors
/// When the body has no JSON form.
pub fn canonical(body: &impl Serialize) -> serde_json::Result<String> {
    serde_json_canonicalizer::to_string(body)
}

/// What a leaf is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafType {
    /// A fact about somebody's consent.
    Event(EventType),
    /// What the ledger records of itself.
    Record(RecordType),
}

impl LeafType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Event(event_type) => event_type.as_str(),
            Self::Record(record_type) => record_type.as_str(),
        }
    }

    fn named(word: &str) -> Option<Self> {
        let record = || RecordType::ALL.into_iter().find(|record| record.as_str() == word);
        EventType::named(word).map(Self::Event).or_else(|| record().map(Self::Record))
    }
}

/// The part of a leaf that everybody can read: what it is about, and the form of the body that it commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafHead {
    /// What it is about.
    pub leaf_type: LeafType,
    /// 1: an event's body holds all that was shown. 2: it names a context by its hash, and the leaf before it.
    pub version: u8,
}

impl LeafHead {
    /// Of a leaf that is made now, about an event.
    #[must_use]
    pub fn of_event(event_type: EventType) -> Self {
        Self { leaf_type: LeafType::Event(event_type), version: 2 }
    }

    /// Of a leaf that is made now, about the ledger itself.
    #[must_use]
    pub fn of_record(record_type: RecordType) -> Self {
        Self { leaf_type: LeafType::Record(record_type), version: 2 }
    }

    /// Reads a leaf; `None` unless it is `{"c":C,"t":TYPE,"v":V}` to the letter, with 32 bytes in `C`, a known
    /// type and a version that it can have.
    #[must_use]
    pub fn read(leaf: &str) -> Option<Self> {
        let (commitment, rest) = leaf.strip_prefix(r#"{"c":""#)?.split_once(r#"","t":""#)?;
        let (word, rest) = rest.split_once(r#"","v":"#)?;
        let version = match rest {
            "1}" => 1,
            "2}" => 2,
            _ => return None,
        };
        let leaf_type = LeafType::named(word)?;
        let whole = URL_SAFE_NO_PAD.decode(commitment).is_ok_and(|bytes| bytes.len() == 32);
        let may_be = version == 2 || matches!(leaf_type, LeafType::Event(_));
        (whole && may_be).then_some(Self { leaf_type, version })
    }

    /// The event it is about, if it is about one.
    #[must_use]
    pub fn event_type(self) -> Option<EventType> {
        match self.leaf_type {
            LeafType::Event(event_type) => Some(event_type),
            LeafType::Record(_) => None,
        }
    }

    /// The leaf with this head that commits to a body: the RFC 8785 text `{"c":C,"t":TYPE,"v":V}` with `C` =
    /// base64url(HMAC-SHA256(salt, canonical body)), without padding.
    #[must_use]
    pub fn leaf(self, salt: &[u8; 32], canonical_body: &str) -> String {
        let mut mac = keyed(salt);
        mac.update(canonical_body.as_bytes());
        let commitment = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let (word, version) = (self.leaf_type.as_str(), self.version);
        format!(r#"{{"c":"{commitment}","t":"{word}","v":{version}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: LeafHead = LeafHead { leaf_type: LeafType::Event(EventType::Given), version: 2 };

    #[test]
    fn a_leaf_is_its_own_canonical_form() {
        let leaf = GIVEN.leaf(&[1; 32], "{}");
        let value: serde_json::Value = serde_json::from_str(&leaf).unwrap();
        assert_eq!(canonical(&value).unwrap(), leaf);
    }

    #[test]
    fn a_leaf_reads_as_written() {
        for record in RecordType::ALL {
            let head = LeafHead::of_record(record);
            assert_eq!(LeafHead::read(&head.leaf(&[1; 32], "{}")), Some(head));
            let older = LeafHead { version: 1, ..head };
            assert_eq!(LeafHead::read(&older.leaf(&[1; 32], "{}")), None, "there were none");
        }
        for version in [1, 2] {
            let head = LeafHead { version, ..GIVEN };
            assert_eq!(LeafHead::read(&head.leaf(&[1; 32], "{}")), Some(head));
        }
    }

    #[test]
    fn a_leaf_has_one_form() {
        let good = GIVEN.leaf(&[1; 32], "{}");
        for (from, to) in [
            ("given", "revoked"),
            (r#""v":2"#, r#""v":3"#),
            (r#","v""#, r#", "v""#),
            (r#""c":""#, r#""c":"AAAA"#),
            ("}", "}\n"),
            ("{", ""),
        ] {
            assert_eq!(LeafHead::read(&good.replace(from, to)), None, "{to}");
        }
        assert_eq!(LeafHead::read(""), None);
    }

    #[test]
    fn the_commitment_follows_body_and_salt() {
        let one = GIVEN.leaf(&[1; 32], "{}");
        assert_ne!(one, GIVEN.leaf(&[2; 32], "{}"));
        assert_ne!(one, GIVEN.leaf(&[1; 32], "[]"));
    }
}
