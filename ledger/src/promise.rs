//! The promise that is made when an event is written: its leaf will be in the tree within the maximum merge delay, as
//! the signed certificate timestamps of RFC 6962 §3.2 promise. By itself it proves that the operator promised, and no
//! more; whoever holds it can hold the ledger to it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::epoch::Epoch;
use super::event_type::EventType;
use super::jws::{self, JwsError, Signed};
use super::leaf::LeafHead;
use super::note::{SigningKey, VerifyingKey};
use super::tree::{Hash, leaf_hash};

/// The type that its header declares.
pub(super) const TYPE: &str = "consent-promise+jws";

/// What is promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// When it was made, RFC 3339.
    pub at: String,
    /// The event.
    pub event_id: Uuid,
    /// Its leaf, word for word.
    pub leaf: String,
    /// How many seconds after `at` the leaf is in the tree at the latest.
    pub merge_delay: u64,
    /// The ledger's name.
    pub origin: String,
}

/// Why a text is not a promise to be believed.
#[derive(Debug, thiserror::Error)]
pub enum PromiseError {
    /// Not signed as a promise by a known key.
    #[error("this is not a promise")]
    Signature(#[from] JwsError),
    /// Signed, but not with what a promise has.
    #[error("the promise does not say what a promise says")]
    Payload(#[source] serde_json::Error),
    /// Its leaf is not one of an event.
    #[error("the promise's leaf is not one of the ledger's events")]
    Leaf,
    /// No moment at which it could be called in.
    #[error("the promise does not say by when")]
    Time,
    /// The key signed for another ledger than its own.
    #[error("the promise is of the ledger {0:?}, and signed by the key of another")]
    Origin(String),
}

impl Promise {
    /// The promise as a compact JWS.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        jws::sign(TYPE, "json", &json!(self), key)
    }

    /// Reads what [`Promise::sign`] wrote, if one of `keys` signed it for its own ledger.
    ///
    /// # Errors
    /// A [`PromiseError`] that says what fails.
    pub fn verify(text: &str, keys: &[VerifyingKey]) -> Result<Self, PromiseError> {
        let Signed { payload, key } = jws::verify(TYPE, text.trim(), keys)?;
        let promise: Self = serde_json::from_slice(&payload).map_err(PromiseError::Payload)?;
        promise.event_type().ok_or(PromiseError::Leaf)?;
        promise.due().ok_or(PromiseError::Time)?;
        if Epoch::from_name(&promise.origin, key.name().as_str()).is_none() {
            return Err(PromiseError::Origin(promise.origin));
        }
        Ok(promise)
    }

    /// What happened; `None` where the leaf is not one of an event.
    #[must_use]
    pub fn event_type(&self) -> Option<EventType> {
        LeafHead::read(&self.leaf)?.event_type()
    }

    /// The hash of the leaf.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(self.leaf.as_bytes())
    }

    /// By when the leaf is in the tree, RFC 3339; `None` where that is no moment.
    #[must_use]
    pub fn due(&self) -> Option<String> {
        let at = OffsetDateTime::parse(&self.at, &Rfc3339).ok()?;
        let delay = Duration::seconds(i64::try_from(self.merge_delay).ok()?);
        at.checked_add(delay)?.format(&Rfc3339).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::note::KeyName;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32])
    }

    fn own() -> SigningKey {
        key("example.org/ledger", 1)
    }

    fn promise() -> Promise {
        Promise {
            at: "2026-11-23T09:05:00.000000Z".into(),
            event_id: Uuid::from_u128(7),
            leaf: LeafHead::of_event(EventType::Given).leaf(&[1; 32], "{}"),
            merge_delay: 86_400,
            origin: "example.org/ledger".into(),
        }
    }

    /// The largest number that JSON is sure to carry (RFC 7493 §2.2).
    const LARGEST: u64 = 9_007_199_254_740_991;

    fn verified(text: &str) -> Result<Promise, PromiseError> {
        Promise::verify(text, &[own().vkey()])
    }

    #[test]
    fn it_reads_as_written() {
        let read = verified(&promise().sign(&own())).unwrap();
        assert_eq!(read, promise());
        assert_eq!(read.event_type(), Some(EventType::Given));
        assert_eq!(read.due().as_deref(), Some("2026-11-24T09:05:00Z"));
        let later = Promise { origin: "example.org/ledger/r2".into(), ..promise() };
        assert!(verified(&later.sign(&own())).is_ok(), "in a later epoch");
    }

    #[test]
    fn what_is_no_promise_is_refused() {
        let jws = |typ, payload| jws::sign(typ, "json", &payload, &own());
        let mut more = json!(promise());
        more["unless"] = json!("it rains");
        let mut less = json!(promise());
        less.as_object_mut().unwrap().remove("merge_delay");
        for payload in [more, less, json!([])] {
            assert!(matches!(verified(&jws(TYPE, payload)), Err(PromiseError::Payload(_))));
        }
        let receipt = jws("consent-receipt+jws", json!(promise()));
        let stranger = promise().sign(&key("example.org/ledger", 2));
        let other_name = promise().sign(&key("example.org/shadow", 1));
        let mut changed = promise().sign(&own());
        changed.replace_range(200..201, if &changed[200..201] == "A" { "B" } else { "A" });
        for text in [receipt, stranger, other_name, changed, "a.b.c".into(), String::new()] {
            assert!(matches!(verified(&text), Err(PromiseError::Signature(_))), "{text}");
        }
        let refused = |promise: Promise| verified(&promise.sign(&own())).unwrap_err();
        for origin in ["example.org/shadow", "example.org/ledger/r1", ""] {
            let error = refused(Promise { origin: origin.into(), ..promise() });
            assert!(matches!(error, PromiseError::Origin(_)), "{error:?}");
        }
        for leaf in ["", "{}", &promise().leaf.replace("given", "purged"), &(promise().leaf + " ")]
        {
            let error = refused(Promise { leaf: leaf.into(), ..promise() });
            assert!(matches!(error, PromiseError::Leaf), "{error:?}");
        }
        for (at, merge_delay) in
            [("yesterday", 1), (&*promise().at, LARGEST), ("9999-12-31T23:59:59Z", 86_400)]
        {
            let error = refused(Promise { at: at.into(), merge_delay, ..promise() });
            assert!(matches!(error, PromiseError::Time), "{error:?}");
        }
    }

    #[test]
    fn no_key_promises_for_the_ledger_of_another() {
        let other = key("example.org/shadow", 2);
        let keys = [own().vkey(), other.vkey()];
        let of_others = Promise { origin: "example.org/shadow".into(), ..promise() };
        assert!(Promise::verify(&of_others.sign(&other), &keys).is_ok());
        for text in [of_others.sign(&own()), promise().sign(&other)] {
            let told = Promise::verify(&text, &keys);
            assert!(matches!(told, Err(PromiseError::Origin(_))), "{told:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            prop_assert!(verified(&text).is_err());
        }
    }
}
