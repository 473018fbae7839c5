//! How many signups one address of the network may send, and how many codes may be tried for one mailbox.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Error;
use crate::domain::address_key::AddressKey;
use crate::domain::code::TRIES_A_DAY;
use crate::domain::mail_limit::Window;

type Limiter<K> = RateLimiter<
    K,
    DashMapStateStore<K>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as Clock>::Instant>,
>;

/// After so many checks, those that have their full allowance again are forgotten.
const FORGET_EVERY: u32 = 4096;

/// A limit for each of many, and who used how much of it.
struct Allowances<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Allowances<K> {
    fn new(quota: Quota) -> Self {
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock);
        Self { limiter, checks: AtomicU32::new(0) }
    }

    /// Counts one; `Err` says how long to wait for the next.
    fn check(&self, key: &K) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(key)
            .map_err(|not_until| not_until.wait_time_from(MonotonicClock.now()))
    }
}

/// Signups of each address of the network; nobody is counted when it is off.
pub struct SignupLimit(Option<Allowances<IpAddr>>);

impl SignupLimit {
    /// At most `window.count` at once, refilled evenly over `window.length`.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        Self(window.and_then(|window| {
            let burst = NonZeroU32::new(window.count)?;
            let quota = Quota::with_period(window.length / window.count)?.allow_burst(burst);
            Some(Allowances::new(quota))
        }))
    }

    /// Counts one signup.
    ///
    /// # Errors
    /// When this address must wait; says how long.
    pub fn check(&self, ip: IpAddr) -> Result<(), Error> {
        let checked = self.0.as_ref().map_or(Ok(()), |limit| limit.check(&neighbourhood(ip)));
        checked.map_err(|wait| Error::TooMany(wait + Duration::from_secs(1)))
    }
}

/// How many codes of one mailbox this process looks at, whatever the database says of earlier tries: who may write
/// there could have it forget them, and guess on.
pub struct CodeLimit(Allowances<AddressKey>);

impl CodeLimit {
    /// The tries of two days at once, for one day's may come at its end and the next day's at its beginning; refilled
    /// as the days go.
    #[must_use]
    pub fn new() -> Self {
        let a_day = u32::try_from(TRIES_A_DAY).unwrap_or(1);
        let burst = NonZeroU32::new(2 * a_day).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(Duration::from_hours(24) / a_day);
        let quota = quota.unwrap_or(Quota::per_hour(NonZeroU32::MIN));
        Self(Allowances::new(quota.allow_burst(burst)))
    }

    /// Counts one code that is to be looked at; whether it may be.
    #[must_use]
    pub fn allows(&self, address_key: &AddressKey) -> bool {
        self.0.check(address_key).is_ok()
    }
}

impl Default for CodeLimit {
    fn default() -> Self {
        Self::new()
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
