//! The signed word on a part of the ledger: these are all events of one person up to a head. That the newest is
//! among them rests on it, for what is missing at the end leaves no gap.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::jws::{self, JwsError};
use super::note::{Checkpoint, SigningKey, VerifyingKey, encode_hash};

/// The type that its header declares.
const TYPE: &str = "ledger-extent+jws";

/// How much of the ledger a partial bundle holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// How many events.
    pub events: u64,
    /// The name of the ledger.
    pub origin: String,
    /// The root of the tree of the head.
    pub root: String,
    /// Lower-case hex SHA-256 of `events.ndjson`.
    pub sha256: String,
    /// How many leaves the head covers.
    pub size: u64,
}

impl Extent {
    /// An extent of this many events, in a file of this hash, of all up to this head.
    #[must_use]
    pub fn new(events: u64, sha256: String, head: &Checkpoint) -> Self {
        let root = encode_hash(&head.root);
        Self { events, origin: head.origin.clone(), root, sha256, size: head.size }
    }

    /// The signed word, as a compact JWS.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        jws::sign(TYPE, "json", &json!(self), key)
    }

    /// Reads what [`Extent::sign`] wrote, if one of `keys` signed it.
    ///
    /// # Errors
    /// A [`JwsError`] that says what fails.
    pub fn verify(text: &str, keys: &[VerifyingKey]) -> Result<Self, JwsError> {
        let payload = jws::verify(TYPE, text.trim(), keys)?.payload;
        serde_json::from_slice(&payload).map_err(|_| JwsError::Form)
    }
}
