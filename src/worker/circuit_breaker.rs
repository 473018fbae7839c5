//! A pause of all mail, and the one mail after it that tells whether it is over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How long a pause is.
const LENGTH: Duration = Duration::from_secs(5);

/// While nothing is to be tried, because the relay or the database is away.
#[derive(Clone, Default)]
pub(super) struct CircuitBreaker(Arc<Mutex<State>>, Arc<Notify>);

#[derive(Default)]
struct State {
    until: Option<Instant>,
    /// Whether the next mail alone is to be tried: a relay that refuses us is not asked by many at once.
    probing: bool,
}

impl CircuitBreaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a pause, or the one under way anew.
    pub(super) fn begin(&self) {
        *self.state() = State { until: Some(Instant::now() + LENGTH), probing: true };
        self.1.notify_one();
    }

    /// A mail was looked at; `passed` when the relay and the database were there for it.
    pub(super) fn looked(&self, passed: bool) {
        if passed {
            self.state().probing = false;
        }
        self.1.notify_one();
    }

    /// Until when, if it is not over.
    pub(super) fn until(&self) -> Option<Instant> {
        self.state().until.filter(|until| Instant::now() < *until)
    }

    /// Whether one mail alone is to be tried.
    pub(super) fn is_probing(&self) -> bool {
        self.state().probing
    }

    /// Waits until a mail was looked at.
    pub(super) async fn wait_for_look(&self) {
        self.1.notified().await;
    }
}
