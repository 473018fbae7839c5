//! A request that its sender may send again, to be done once (draft-ietf-httpapi-idempotency-key-header).

use crate::domain::contacts::address_key::AddressSecret;
use crate::domain::ledger::keyed_hash::HashKey;

/// What is kept of such a request: neither its key nor its body can be told from it.
#[derive(Clone, Copy)]
pub struct IdempotentRequest {
    /// Of the key that its sender gave it.
    pub key_hash: [u8; 32],
    /// Of its body.
    pub body_hash: [u8; 32],
}

impl IdempotentRequest {
    /// The request of this key and body.
    #[must_use]
    pub fn new(secret: &AddressSecret, key: &[u8], body: &[u8]) -> Self {
        let hashes = HashKey::new(&secret.derived(b"idempotency"));
        Self { key_hash: hashes.hash(&[b"key", key]), body_hash: hashes.hash(&[b"body", body]) }
    }
}
