//! What follows once a transaction is committed, and who is told of it. What writes a mail down, or changes what is on
//! offer, asks for it in its transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// What a transaction asks for once it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Mail was decided: whoever sends it is woken.
    RingMail,
    /// What is on offer changed: pages read it anew.
    RefreshCatalog,
    /// Other programs are to be told: whoever does is woken.
    RingWebhooks,
    /// Something was erased: it is not left lying in SQLite's log.
    ForgetLog,
}

/// What parts of this process are told.
#[derive(Debug, Default)]
pub struct Signals {
    mail: Notify,
    webhooks: Notify,
    catalog: AtomicU64,
    /// When a crowd of forms was stored last, unless fewer were since.
    crowd: Mutex<Option<Instant>>,
}

/// From how many forms of one transaction on more come than are stored at once.
const CROWD: usize = 16;
/// For how long a crowd is still one when no more come.
const CROWD_STAYS: Duration = Duration::from_millis(200);

impl Signals {
    /// Ends once mail was decided in this process since somebody waited for it last.
    pub async fn mail_waits(&self) {
        self.mail.notified().await;
    }

    /// Ends once another program was to be told something since somebody waited for it last.
    pub async fn webhooks_wait(&self) {
        self.webhooks.notified().await;
    }

    /// Another number each time that what is on offer was changed in this process.
    #[must_use]
    pub fn catalog_edition(&self) -> u64 {
        self.catalog.load(Ordering::Acquire)
    }

    /// So many forms were stored in one transaction.
    pub fn note_forms(&self, stored: usize) {
        *self.crowd() = (stored >= CROWD).then(Instant::now);
    }

    /// Whether readers wait for their forms to be stored: what nobody waits for leaves the database to them.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.crowd().is_some_and(|since| since.elapsed() < CROWD_STAYS)
    }

    fn crowd(&self) -> MutexGuard<'_, Option<Instant>> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ring_mail(&self) {
        self.mail.notify_one();
    }

    pub(super) fn ring_webhooks(&self) {
        self.webhooks.notify_one();
    }

    pub(super) fn refresh_catalog(&self) {
        self.catalog.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_one_until_fewer_come() {
        let signals = Signals::default();
        assert!(!signals.is_crowded());
        signals.note_forms(CROWD);
        assert!(signals.is_crowded());
        signals.note_forms(CROWD - 1);
        assert!(!signals.is_crowded());
    }
}
