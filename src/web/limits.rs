//! How many signups one address of the network may send.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Error;
use crate::domain::mail_limit::Window;

type Limiter = RateLimiter<
    IpAddr,
    DashMapStateStore<IpAddr>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as Clock>::Instant>,
>;

/// After so many checks, addresses that have their full allowance again are forgotten.
const FORGET_EVERY: u32 = 4096;

/// The limit, and who used how much of it; nobody when it is off.
pub struct SignupLimit(Option<(Limiter, AtomicU32)>);

impl SignupLimit {
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

    /// Counts one signup.
    ///
    /// # Errors
    /// When this address must wait; says how long.
    pub fn check(&self, ip: IpAddr) -> Result<(), Error> {
        let Some((limiter, checks)) = &self.0 else {
            return Ok(());
        };
        if checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(&neighbourhood(ip)).map_err(|not_until| {
            let wait = not_until.wait_time_from(MonotonicClock.now());
            Error::TooMany(wait + Duration::from_secs(1))
        })
    }
}

/// One IPv4 address, or the /64 that one subscriber of IPv6 is given whole.
pub(super) fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_after_the_last_waits() {
        let limit = SignupLimit::new(Some("3/hour".parse().unwrap()));
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!((0..3).all(|_| limit.check(a).is_ok()));
        assert!(
            matches!(limit.check(a), Err(Error::TooMany(wait)) if wait > Duration::from_mins(15))
        );
        assert!(limit.check(b).is_ok());
        let neighbours = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff".parse().unwrap()];
        assert!((0..3).all(|_| limit.check(neighbours[0]).is_ok()));
        assert!(limit.check(neighbours[1]).is_err());
        assert!((0..99).all(|_| SignupLimit::new(None).check(a).is_ok()));
    }
}
