//! Salted commitments, so that erasure can drop body and salt while every proof still holds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use serde::Serialize;

use crate::domain::address_key::keyed;
use crate::domain::consent::EventType;

/// An event's body as RFC 8785 text: the bytes that are committed to.
///
/// # Errors
/// When the body has no JSON form.
pub fn canonical(body: &impl Serialize) -> serde_json::Result<String> {
    serde_json_canonicalizer::to_string(body)
}

/// The leaf of an event: the RFC 8785 text `{"c":C,"t":TYPE,"v":1}` with `C` = base64url(HMAC-SHA256(salt,
/// canonical body)), without padding.
#[must_use]
pub fn leaf(event_type: EventType, salt: &[u8; 32], canonical_body: &str) -> String {
    let mut mac = keyed(salt);
    mac.update(canonical_body.as_bytes());
    let commitment = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!(r#"{{"c":"{commitment}","t":"{}","v":1}}"#, event_type.as_str())
}

/// Whether a text has the form of a leaf of such an event, whatever it commits to.
#[must_use]
pub fn is_leaf(event_type: EventType, text: &str) -> bool {
    let rest = text.strip_prefix(r#"{"c":""#);
    let end = format!(r#"","t":"{}","v":1}}"#, event_type.as_str());
    rest.and_then(|rest| rest.strip_suffix(&end))
        .is_some_and(|commitment| URL_SAFE_NO_PAD.decode(commitment).is_ok_and(|c| c.len() == 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_its_own_canonical_form() {
        let leaf = leaf(EventType::Given, &[1; 32], "{}");
        let value: serde_json::Value = serde_json::from_str(&leaf).unwrap();
        assert_eq!(canonical(&value).unwrap(), leaf);
        assert!(is_leaf(EventType::Given, &leaf) && !is_leaf(EventType::Withdrawn, &leaf));
        assert!(!is_leaf(EventType::Given, &leaf[1..]) && !is_leaf(EventType::Given, ""));
    }

    #[test]
    fn the_commitment_follows_body_and_salt() {
        let one = leaf(EventType::Given, &[1; 32], "{}");
        assert_ne!(one, leaf(EventType::Given, &[2; 32], "{}"));
        assert_ne!(one, leaf(EventType::Given, &[1; 32], "[]"));
    }
}
