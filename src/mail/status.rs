//! Whether mail leaves at present, for whoever asks.

use std::sync::{Arc, PoisonError, RwLock};

/// What is wrong with the mail relay, if anything: written by the worker, shown by `/readyz`.
#[derive(Clone, Debug, Default)]
pub struct RelayStatus(Arc<RwLock<Option<String>>>);

impl RelayStatus {
    /// Writes down what is wrong, or that nothing is.
    pub fn set(&self, trouble: Option<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// What is wrong, if anything.
    #[must_use]
    pub fn get(&self) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
