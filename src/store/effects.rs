//! What follows once a transaction is committed, and who is told of it. What writes a mail down, or changes what is on
//! offer, asks for it in its transaction.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// What a transaction asks for once it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Mail was decided: whoever sends it is woken.
    RingMail,
    /// What is on offer changed: pages read it anew.
    RefreshCatalog,
    /// Something was erased: it is not left lying in SQLite's log.
    ForgetLog,
}

/// What parts of this process are told.
#[derive(Debug, Default)]
pub struct Signals {
    mail: Notify,
    catalog: AtomicU64,
}

impl Signals {
    /// Ends once mail was decided in this process since somebody waited for it last.
    pub async fn mail_waits(&self) {
        self.mail.notified().await;
    }

    /// Another number each time that what is on offer was changed in this process.
    #[must_use]
    pub fn catalog_edition(&self) -> u64 {
        self.catalog.load(Ordering::Acquire)
    }

    pub(super) fn ring_mail(&self) {
        self.mail.notify_one();
    }

    pub(super) fn refresh_catalog(&self) {
        self.catalog.fetch_add(1, Ordering::Release);
    }
}
