//! HMAC-SHA256 under keys of 32 bytes.

use std::fmt;
use std::sync::Arc;

use assent_ledger::digest::keyed;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// A key that hashes much: what it makes of the first block is made once. It stands behind a function because every
/// future holds keys, and the compiler would look through the type of a hash's state for each of them.
#[derive(Clone)]
pub struct HashKey(Arc<dyn Fn() -> Hmac<Sha256> + Send + Sync>);

impl HashKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let begun = keyed(secret);
        Self(Arc::new(move || begun.clone()))
    }

    /// A hash under it, of nothing yet.
    #[must_use]
    pub fn begin(&self) -> Hmac<Sha256> {
        (self.0)()
    }

    /// The hash over parts, each followed by a zero byte.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.begin();
        for part in parts {
            mac.update(part);
            mac.update(&[0]);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}
