//! How fast one domain is sent mail. What is over the limit is put off, each mail to a turn of its own, so
//! that thousands that wait for one domain are not looked at again and again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::mail::limit::Window;

/// The limit for each domain, in this process; none when it is off.
pub struct DomainPace(Option<(Window, Mutex<HashMap<String, Turns>>)>);

/// Where one domain stands.
#[derive(Clone, Copy)]
struct Turns {
    /// When all of its allowance is there again, if nothing more is sent.
    rested: Instant,
    /// The last turn that was given to a mail put off.
    last: Instant,
}

/// The longest a mail is put off at a time.
const LONGEST: Duration = Duration::from_hours(1);
/// Above so many domains, those that have all of their allowance are forgotten.
const REMEMBERED: usize = 10_000;

impl DomainPace {
    /// At most so many for each domain in that time; any number when there is no limit.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        Self(window.map(|window| (window, Mutex::default())))
    }

    /// Counts one mail to this domain.
    ///
    /// # Errors
    /// When it must wait; how long.
    pub(super) fn check(&self, domain: &str, now: Instant) -> Result<(), Duration> {
        let Some((window, domains)) = &self.0 else { return Ok(()) };
        let turn = window.length / window.count;
        let burst = window.length.saturating_sub(turn);
        let mut domains = domains.lock().unwrap_or_else(PoisonError::into_inner);
        if domains.len() > REMEMBERED {
            domains.retain(|_, turns| turns.rested > now || turns.last > now);
        }
        let turns = domains.entry(domain.to_owned()).or_insert(Turns { rested: now, last: now });
        let rested = turns.rested.max(now);
        let wait = rested.duration_since(now).saturating_sub(burst);
        if wait.is_zero() {
            turns.rested = rested + turn;
            return Ok(());
        }
        turns.last = (turns.last + turn).max(now + wait).min(now + LONGEST);
        Err(turns.last.duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_one_domain_leaves_as_fast_as_it_may() {
        let pace = DomainPace::new(Some("2/min".parse().unwrap()));
        let begun = Instant::now();
        // Each mail comes back when it was told to.
        let mut waiting: Vec<Instant> = vec![begun; 1000];
        let mut sent_in_hour = [0; 9];
        let mut looks = 0;
        while let Some(next) = waiting.iter().min().copied() {
            let due = waiting.iter().position(|at| *at == next).unwrap();
            waiting.swap_remove(due);
            looks += 1;
            match pace.check("busy.example", next) {
                Ok(()) => {
                    let hour = usize::try_from((next - begun).as_secs() / 3600).unwrap();
                    sent_in_hour[hour] += 1;
                }
                Err(wait) => waiting.push(next + wait),
            }
        }
        assert!(
            sent_in_hour[..8].iter().all(|sent| (115..=122).contains(sent)),
            "{sent_in_hour:?}"
        );
        assert_eq!(sent_in_hour.iter().sum::<i32>(), 1000);
        assert!(looks < 10_000, "{looks} looks at 1,000 mails");
    }

    #[test]
    fn domains_do_not_wait_for_each_other() {
        let pace = DomainPace::new(Some("1/hour".parse().unwrap()));
        let now = Instant::now();
        assert!(pace.check("a.example", now).is_ok() && pace.check("b.example", now).is_ok());
        assert!(pace.check("a.example", now).is_err());
        assert!((0..99).all(|_| DomainPace::new(None).check("a.example", now).is_ok()));
    }
}
