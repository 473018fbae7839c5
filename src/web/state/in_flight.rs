//! Requests with a key that are being done by this process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The keys of requests under way, by their keyed hashes.
#[derive(Default)]
pub struct InFlight(Arc<Mutex<HashSet<[u8; 32]>>>);

/// A request under way, until it is dropped.
pub(in crate::web) struct UnderWay {
    all: Arc<Mutex<HashSet<[u8; 32]>>>,
    key_hash: [u8; 32],
}

impl InFlight {
    /// Begins a request; `None` while one with the same key is under way.
    pub(in crate::web) fn begin(&self, key_hash: [u8; 32]) -> Option<UnderWay> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key_hash);
        begun.then(|| UnderWay { all: self.0.clone(), key_hash })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key_hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_free_again_once_its_request_is_over() {
        let all = InFlight::default();
        let one = all.begin([1; 32]);
        assert!(one.is_some() && all.begin([1; 32]).is_none() && all.begin([2; 32]).is_some());
        drop(one);
        assert!(all.begin([1; 32]).is_some());
    }
}
