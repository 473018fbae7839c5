//! The mails that this worker holds, and until when nobody else may take them.
//!
//! Leases are short, so that mail of a worker that died waits for half a minute at most, and renewed while
//! the mail is under way, so that a relay that takes its time is not sent the same mail twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::WorkerParts;
use crate::store::mail::outbox::{self, ClaimedMail, HeldMail, LEASE};

/// How often they are renewed.
const EVERY: Duration = Duration::from_secs(8);
/// How long before its end a lease is no longer counted on.
const MARGIN: Duration = Duration::from_secs(5);

/// Each claim that is not settled and written down, and until when it counts, by a clock that nobody sets.
#[derive(Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<HeldMail, Instant>>>);

impl Leases {
    fn all(&self) -> MutexGuard<'_, HashMap<HeldMail, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes mails whose claim began at `since` at the latest.
    pub(super) fn begin(&self, mails: &[ClaimedMail], since: Instant) {
        self.all().extend(mails.iter().map(|mail| (mail.held(), until(since))));
    }

    /// Whether nobody else can have taken this mail meanwhile.
    pub(super) fn holds(&self, mail: &ClaimedMail) -> bool {
        self.all().get(&mail.held()).is_some_and(|until| Instant::now() < *until)
    }

    /// What is held, or was and is not written down yet.
    pub(super) fn held(&self) -> Vec<HeldMail> {
        self.all().keys().copied().collect()
    }

    /// Forgets a mail that was settled.
    pub(super) fn end(&self, mail: &ClaimedMail) {
        self.all().remove(&mail.held());
    }

    /// Renews what is held, for as long as it is polled.
    pub(super) async fn keep_renewing(&self, parts: &WorkerParts) {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.renew(parts).await {
                tracing::error!(error = ?error, "the leases of mail under way could not be renewed");
            }
        }
    }

    async fn renew(&self, parts: &WorkerParts) -> sqlx::Result<()> {
        let held = self.held();
        if held.is_empty() {
            return Ok(());
        }
        let since = Instant::now();
        let now = parts.clock.now();
        let renewed = parts.db.run(|tx| Box::pin(outbox::renew(tx, now, &held))).await?;
        let mut all = self.all();
        for held in renewed {
            all.entry(held).and_modify(|until_now| *until_now = until(since));
        }
        Ok(())
    }
}

fn until(since: Instant) -> Instant {
    (since + LEASE).checked_sub(MARGIN).unwrap_or(since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::outbox::MailKind;
    use crate::domain::timestamp::Timestamp;
    use uuid::Uuid;

    #[test]
    fn a_claim_does_not_live_on_in_the_next_one() {
        let claim = |claims| ClaimedMail {
            request_id: None,
            outbox_id: Uuid::nil(),
            kind: MailKind::Confirm,
            signup_id: None,
            subscriber_id: None,
            policy_version_id: None,
            staff_link_id: None,
            staff_id: None,
            webhook_endpoint_id: None,
            claims,
            attempts: 0,
            created_at: Timestamp::from_micros(0),
        };
        let (leases, now) = (Leases::default(), Instant::now());
        leases.begin(&[claim(1)], now.checked_sub(LEASE).unwrap());
        assert!(!leases.holds(&claim(1)), "its time is over");
        leases.begin(&[claim(2)], now);
        assert!(leases.holds(&claim(2)) && !leases.holds(&claim(1)));
        leases.end(&claim(1));
        assert!(leases.holds(&claim(2)));
    }
}
