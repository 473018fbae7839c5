//! The mails that this worker holds, and until when nobody else may take them.
//!
//! Leases are short, so that mail of a worker that died waits for half a minute at most, and renewed while
//! the mail is under way, so that a relay that takes its time is not sent the same mail twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::WorkerParts;
use crate::store::outbox::{self, ClaimedMail, HeldMail, LEASE};

/// How often they are renewed.
const EVERY: Duration = Duration::from_secs(8);
/// So long before its end a lease is no longer counted on.
const MARGIN: Duration = Duration::from_secs(5);

/// The leases, by a clock that nobody sets.
#[derive(Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<Uuid, Lease>>>);

struct Lease {
    claims: i32,
    until: Instant,
}

impl Leases {
    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Lease>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes mails whose claim began at `since` at the latest.
    pub(super) fn begin(&self, mails: &[ClaimedMail], since: Instant) {
        let until = (since + LEASE).checked_sub(MARGIN).unwrap_or(since);
        let lease = |mail: &ClaimedMail| (mail.outbox_id, Lease { claims: mail.claims, until });
        self.all().extend(mails.iter().map(lease));
    }

    /// Whether nobody else can have taken this mail meanwhile.
    pub(super) fn holds(&self, mail: &ClaimedMail) -> bool {
        self.all().get(&mail.outbox_id).is_some_and(|lease| Instant::now() < lease.until)
    }

    /// Forgets a mail that was settled.
    pub(super) fn end(&self, mail: &ClaimedMail) {
        self.all().remove(&mail.outbox_id);
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
        let held = |(id, lease): (&Uuid, &Lease)| HeldMail { outbox_id: *id, claims: lease.claims };
        let held: Vec<HeldMail> = self.all().iter().map(held).collect();
        if held.is_empty() {
            return Ok(());
        }
        let since = Instant::now();
        let mut tx = parts.db.write().await?;
        let renewed = outbox::renew(&mut tx, parts.clock.now(), &held).await?;
        tx.commit().await?;
        let until = (since + LEASE).checked_sub(MARGIN).unwrap_or(since);
        let mut all = self.all();
        for id in renewed {
            all.entry(id).and_modify(|lease| lease.until = until);
        }
        Ok(())
    }
}
