//! How fast one domain is sent mail. What is over the limit is put off, each mail to a turn of its own, so
//! that thousands that wait for one domain are not looked at again and again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::mail_limit::Window;
use crate::rate::Rate;

/// The limit for each domain, in this process.
pub struct DomainPace {
    rate: Rate<String>,
    /// How long one turn takes.
    turn: Duration,
    /// How many mails of a domain were put off and have not come back.
    put_off: Mutex<HashMap<String, u32>>,
}

/// The longest a mail is put off at a time: other processes may send faster than this one.
const LONGEST: Duration = Duration::from_hours(1);

impl DomainPace {
    /// At most so many for each domain; any number when there is no limit.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        let turn = window.map_or(Duration::ZERO, |window| window.length / window.count);
        Self { rate: Rate::new(window), turn, put_off: Mutex::default() }
    }

    /// Counts one mail to this domain.
    ///
    /// # Errors
    /// When it must wait; how long.
    pub(super) fn check(&self, domain: &str) -> Result<(), Duration> {
        let domain = domain.to_owned();
        let allowed = self.rate.check(&domain);
        let mut put_off = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        match allowed {
            Ok(()) => {
                if let Some(count) = put_off.get_mut(&domain) {
                    *count -= 1;
                    if *count == 0 {
                        put_off.remove(&domain);
                    }
                }
                Ok(())
            }
            Err(wait) => {
                let count = put_off.entry(domain).or_default();
                let wait = wait + self.turn * *count;
                *count += 1;
                Err(wait.min(LONGEST))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mail_over_the_limit_gets_a_turn_of_its_own() {
        let pace = DomainPace::new(Some("2/min".parse().unwrap()));
        assert!((0..2).all(|_| pace.check("a.example").is_ok()));
        let waits: Vec<u64> =
            (0..3).map(|_| pace.check("a.example").unwrap_err().as_secs()).collect();
        assert!(waits[0] <= 30 && waits.windows(2).all(|two| two[1] >= two[0] + 29), "{waits:?}");
        assert!(pace.check("b.example").is_ok());
        assert!((0..99).all(|_| DomainPace::new(None).check("a.example").is_ok()));
    }
}
