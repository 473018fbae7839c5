//! What one address of the network may do how often, and how many codes may be tried for one mailbox.

use std::collections::HashSet;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::mail::limit::Window;
use crate::domain::signup::code::TRIES_A_DAY;
use crate::web::Error;

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

/// What each address of the network may do so often. Each is counted by itself: a program that guesses, or a form that
/// is sent again and again, keeps nobody beside it from anything else, above all not from signing up.
pub struct NetworkLimits {
    /// Signups.
    pub signups: NetworkLimit,
    /// Of these, those without the bot check that their form asks for.
    pub unchecked_signups: NetworkLimit,
    /// Complaints about data protection, whose form asks for no bot check: whoever complains is to be heard.
    pub complaints: NetworkLimit,
    /// Wishes for the link to one's choices.
    pub choices: NetworkLimit,
    /// Wishes for what one's forms led to.
    pub fresh_links: NetworkLimit,
    /// Wishes for a new password for the console.
    pub passwords: NetworkLimit,
    /// Links that are not ours.
    pub bad_links: NetworkLimit,
    /// Tokens that do not work at the API.
    pub bad_tokens: NetworkLimit,
    /// Events that are not proved to be the relay's.
    pub bad_events: NetworkLimit,
}

impl NetworkLimits {
    /// One rule for each.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        let limit = || NetworkLimit::new(window);
        Self {
            signups: limit(),
            unchecked_signups: NetworkLimit::new(Some(quarter(window))),
            complaints: NetworkLimit::new(window.map(|window| quarter(Some(window)))),
            choices: limit(),
            fresh_links: limit(),
            passwords: limit(),
            bad_links: limit(),
            bad_tokens: limit(),
            bad_events: limit(),
        }
    }
}

/// What is let through without a bot check: a quarter of all, or of what is usual where all are let through.
fn quarter(window: Option<Window>) -> Window {
    let Window { count, length } =
        window.unwrap_or(Window { count: 30, length: Duration::from_mins(1) });
    Window { count: (count / 4).max(1), length }
}

/// How often each address of the network may do one thing; nobody is counted when it is off.
pub struct NetworkLimit(Option<Allowances<IpAddr>>);

impl NetworkLimit {
    /// At most `window.count` at once, refilled evenly over `window.length`.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        Self(window.and_then(|window| {
            let burst = NonZeroU32::new(window.count)?;
            let quota = Quota::with_period(window.length / window.count)?.allow_burst(burst);
            Some(Allowances::new(quota))
        }))
    }

    /// Counts one.
    ///
    /// # Errors
    /// When this address must wait; says how long.
    pub fn check(&self, ip: IpAddr) -> Result<(), Error> {
        let checked = self.0.as_ref().map_or(Ok(()), |limit| limit.check(&ip_prefix(ip)));
        checked.map_err(|wait| Error::TooMany(wait + Duration::from_secs(1)))
    }
}

/// How many wrong codes of one mailbox this process looks at, whatever the database says of earlier tries: who may
/// write there could have it forget them, and guess on.
pub struct CodeLimit {
    looks: Allowances<AddressKey>,
    /// Whose last code was right: their next look was counted with that one.
    forgiven: Mutex<HashSet<AddressKey>>,
    turns: [Turn; TURNS],
}

type Turn = tokio::sync::Mutex<()>;

/// Of how many mailboxes codes are looked at side by side, at most.
const TURNS: usize = 64;
/// More are not remembered: who is forgotten has one look less.
const FORGIVEN_MOST: usize = 4096;

impl CodeLimit {
    /// The tries of two days at once, for one day's may come at its end and the next day's at its beginning; refilled
    /// as the days go.
    #[must_use]
    pub fn new() -> Self {
        let a_day = u32::try_from(TRIES_A_DAY).unwrap_or(1);
        let burst = NonZeroU32::new(2 * a_day).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(Duration::from_hours(24) / a_day);
        let quota = quota.unwrap_or(Quota::per_hour(NonZeroU32::MIN));
        Self {
            looks: Allowances::new(quota.allow_burst(burst)),
            forgiven: Mutex::default(),
            turns: std::array::from_fn(|_| Turn::default()),
        }
    }

    /// Waits until no other code of this mailbox is looked at by this process: of two presses at once, the second
    /// finds what the first one did.
    pub async fn turn(&self, address_key: &AddressKey) -> tokio::sync::MutexGuard<'_, ()> {
        let byte = address_key.as_bytes().first().copied().unwrap_or_default();
        self.turns[usize::from(byte) % TURNS].lock().await
    }

    /// Counts one code that is to be looked at; whether it may be.
    #[must_use]
    pub fn allows(&self, address_key: &AddressKey) -> bool {
        self.forgiven().remove(address_key) || self.looks.check(address_key).is_ok()
    }

    /// Takes the count of a look back: the code was right.
    pub fn forgive(&self, address_key: &AddressKey) {
        let mut forgiven = self.forgiven();
        if forgiven.len() < FORGIVEN_MOST {
            forgiven.insert(address_key.clone());
        }
    }

    fn forgiven(&self) -> MutexGuard<'_, HashSet<AddressKey>> {
        self.forgiven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CodeLimit {
    fn default() -> Self {
        Self::new()
    }
}

/// One IPv4 address, or the /64 that one subscriber of IPv6 is given whole.
pub(in crate::web) fn ip_prefix(ip: IpAddr) -> IpAddr {
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
    use crate::domain::contacts::address_key::AddressSecret;
    use crate::domain::contacts::email_address::EmailAddress;

    #[tokio::test]
    async fn a_right_code_is_no_look_and_ten_wrong_ones_are_all() {
        let limit = CodeLimit::new();
        let secret = AddressSecret::new([1; 32]);
        let key = |text: &str| secret.key(&EmailAddress::parse(text).unwrap());
        let (ada, bob) = (key("ada@b.example"), key("bob@b.example"));
        for wrong in 0..10 {
            for _ in 0..20 {
                assert!(limit.allows(&ada), "{wrong}");
                limit.forgive(&ada);
            }
            assert!(limit.allows(&ada), "{wrong}");
        }
        assert!(!limit.allows(&ada) && limit.allows(&bob));
        let turn = limit.turn(&ada).await;
        let waits = tokio::time::timeout(Duration::ZERO, limit.turn(&ada)).await;
        assert!(waits.is_err(), "one after the other");
        drop(turn);
        drop(limit.turn(&ada).await);
    }

    #[test]
    fn the_next_after_the_last_waits() {
        let limit = NetworkLimit::new(Some("3/hour".parse().unwrap()));
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!((0..3).all(|_| limit.check(a).is_ok()));
        assert!(
            matches!(limit.check(a), Err(Error::TooMany(wait)) if wait > Duration::from_mins(15))
        );
        assert!(limit.check(b).is_ok());
        let neighbours = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff".parse().unwrap()];
        assert!((0..3).all(|_| limit.check(neighbours[0]).is_ok()));
        assert!(limit.check(neighbours[1]).is_err());
        assert!((0..99).all(|_| NetworkLimit::new(None).check(a).is_ok()));
    }

    #[test]
    fn what_is_used_up_leaves_the_others() {
        let limits = NetworkLimits::new(Some("1/hour".parse().unwrap()));
        let ip = "192.0.2.1".parse().unwrap();
        let each = [
            &limits.signups,
            &limits.unchecked_signups,
            &limits.complaints,
            &limits.choices,
            &limits.fresh_links,
            &limits.passwords,
            &limits.bad_links,
            &limits.bad_tokens,
            &limits.bad_events,
        ];
        for limit in each {
            assert!(limit.check(ip).is_ok() && limit.check(ip).is_err());
        }
    }
}
