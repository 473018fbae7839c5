//! At most so many in so long, for each of many keys, in this process.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::mail_limit::Window;

type Limiter<K> = RateLimiter<
    K,
    DashMapStateStore<K>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as Clock>::Instant>,
>;

/// After so many checks, keys that have their full allowance again are forgotten.
const FORGET_EVERY: u32 = 4096;

/// The limit, and who used how much of it; nobody when it is off.
pub struct Rate<K: Clone + Eq + Hash>(Option<(Limiter<K>, AtomicU32)>);

impl<K: Clone + Eq + Hash> Rate<K> {
    /// At most `window.count` at once, refilled evenly over `window.length`.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        let limiter = window.and_then(|window| {
            let burst = NonZeroU32::new(window.count)?;
            let quota = Quota::with_period(window.length / window.count)?.allow_burst(burst);
            let limiter = RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock);
            Some((limiter, AtomicU32::new(0)))
        });
        Self(limiter)
    }

    /// Counts one.
    ///
    /// # Errors
    /// When this key must wait; how long.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        let Some((limiter, checks)) = &self.0 else {
            return Ok(());
        };
        if checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|not_until| not_until.wait_time_from(MonotonicClock.now()))
    }
}
