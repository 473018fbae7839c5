//! Time as an argument: the only place that asks the machine what time it is. Machines that share a database go by the
//! database's clock, so that what one of them decides is due at the same moment for all.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::domain::timestamp::Timestamp;

/// Where the present moment comes from. Tests hold a manual one and move it.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// The database's: what it showed last, and when. While it agrees with the machine's own, that.
    Shared(Arc<Mutex<Option<(Instant, Timestamp)>>>),
    /// A clock that stands still until it is moved; microseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

/// By how much two clocks may differ and still agree: nothing is due to that.
const AGREEMENT: i64 = 100_000;
/// By how much another clock may differ to be gone by: ten minutes.
const FOLLOWED: i64 = 600_000_000;

impl Clock {
    /// The machine's own clock, until it is set by the database's.
    #[must_use]
    pub fn shared() -> Self {
        Self::Shared(Arc::default())
    }

    /// The machine's own time, for measuring how far it is off; none of a clock that is not set by another.
    #[must_use]
    pub fn own_now(&self) -> Option<Timestamp> {
        match self {
            Self::Shared(_) => Some(Timestamp::from(system_now())),
            Self::System | Self::Manual(_) => None,
        }
    }

    /// Goes from now on by a clock that this machine's own is behind by so many microseconds, and no more by the machine's,
    /// whatever becomes of that. One that is further off is nobody's to follow: what is deleted in its time would go.
    pub fn go_by(&self, behind: i64) {
        if let Self::Shared(set) = self
            && behind.abs() < FOLLOWED
        {
            let own = Timestamp::from(system_now()).micros();
            let shown = Timestamp::from_micros(own.saturating_add(behind));
            let differs = behind.abs() >= AGREEMENT;
            *set.lock().unwrap_or_else(PoisonError::into_inner) =
                differs.then(|| (Instant::now(), shown));
        }
    }

    /// A clock that shows `at` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.micros())))
    }

    /// The present moment, in whole microseconds: what both databases can hold.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::from(system_now()),
            Self::Shared(set) => match *set.lock().unwrap_or_else(PoisonError::into_inner) {
                Some((when, shown)) => shown.plus(when.elapsed()),
                None => Timestamp::from(system_now()),
            },
            Self::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; the machine's own cannot be moved and stays as it is.
    pub fn advance(&self, by: std::time::Duration) {
        if let Self::Manual(micros) = self {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one door to the machine's clock")]
fn system_now() -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_set_by_another_unless_they_agree() {
        const MINUTE: i64 = 60_000_000;
        let clock = Clock::shared();
        let ahead = |clock: &Clock| clock.now().micros() - clock.own_now().unwrap().micros();
        let cases = [
            (5 * MINUTE, 5 * MINUTE),
            (-5 * MINUTE, -5 * MINUTE),
            (FOLLOWED, -5 * MINUTE),
            (AGREEMENT - 1, 0),
            (-FOLLOWED, 0),
        ];
        for (behind, wanted) in cases {
            clock.clone().go_by(behind);
            assert!((ahead(&clock) - wanted).abs() < MINUTE, "{behind}");
        }
        let manual = Clock::manual(Timestamp::from_micros(7));
        manual.go_by(MINUTE);
        assert_eq!((manual.now().micros(), manual.own_now()), (7, None));
    }
}
