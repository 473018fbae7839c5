//! At which domains many people who confirmed have their mailbox: what a misspelt domain may have meant.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;
use crate::store::Db;
use crate::store::contacts::figures::list_shared_domains;

/// How many people must have confirmed at a domain: of fewer, a page would tell who they are.
const LEAST: i64 = 20;

/// How old the copy may be. A count takes seconds where there are a million people, so nobody waits for one.
const MAX_AGE: Duration = Duration::from_mins(10);

/// The copy that pages are given.
pub struct SharedDomains {
    db: Db,
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    domains: Arc<Vec<String>>,
    counted_at: Option<Timestamp>,
    is_under_way: bool,
}

impl SharedDomains {
    /// None are known yet, of this database.
    #[must_use]
    pub fn new(db: &Db, clock: &Clock) -> Arc<Self> {
        Arc::new(Self { db: db.clone(), clock: clock.clone(), kept: Mutex::default() })
    }

    /// Those that were counted last. Where that is long ago, they are counted anew for whoever asks next.
    pub(in crate::web) fn get(self: &Arc<Self>) -> Arc<Vec<String>> {
        let now = self.clock.now();
        let mut kept = self.lock();
        let is_fresh = kept.counted_at.is_some_and(|at| at <= now && now < at.plus(MAX_AGE));
        if !is_fresh && !kept.is_under_way {
            kept.is_under_way = true;
            let shared = self.clone();
            tokio::spawn(async move { shared.count(now).await });
        }
        kept.domains.clone()
    }

    async fn count(&self, now: Timestamp) {
        let counted = async { list_shared_domains(&mut self.db.read().await?, LEAST).await };
        let counted: sqlx::Result<_> = counted.await;
        let mut kept = self.lock();
        kept.is_under_way = false;
        kept.counted_at = Some(now);
        match counted {
            Ok(domains) => kept.domains = Arc::new(domains),
            Err(error) => tracing::error!(error = ?error, "domains could not be counted"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
