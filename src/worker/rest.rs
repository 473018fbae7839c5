//! A pause of all mail.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long it is.
const LENGTH: Duration = Duration::from_secs(5);

/// While nothing is to be tried, because the relay or the database is away.
#[derive(Clone, Default)]
pub(super) struct Rest(Arc<Mutex<Option<Instant>>>);

impl Rest {
    /// Begins anew.
    pub(super) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + LENGTH);
    }

    /// Until when, if it is not over.
    pub(super) fn until(&self) -> Option<Instant> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| Instant::now() < *until)
    }
}
