//! Figures that are counted in the background: of a million people that takes seconds, so pages are given a
//! copy that says when it was counted.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;
use crate::store::{Db, Tx};

/// What takes less than this is counted anew for each page.
const QUICK: Duration = Duration::from_millis(200);
/// How old any other copy may be before it is counted anew; or twenty times what that took, if that is longer.
const MAX_AGE: Duration = Duration::from_secs(30);
/// How long a page waits for figures.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits when there is an older copy of what takes long to count.
const PATIENCE_WITH_COPY: Duration = Duration::from_millis(250);

/// Counts the figures for a key, as of a moment.
type Count<K, F> =
    Box<dyn Fn(Tx, Timestamp, K) -> BoxFuture<'static, sqlx::Result<F>> + Send + Sync>;

/// Figures, and when they were counted.
#[derive(Debug)]
pub(in crate::web) struct Counted<F> {
    pub at: Timestamp,
    pub figures: F,
    took: Duration,
}

/// Copies of figures, one for each key that was looked at.
pub(in crate::web) struct Copies<K, F> {
    db: Db,
    clock: Clock,
    count: Count<K, F>,
    /// Those that share it count one after the other, so that looking never takes more than one connection.
    turn: Arc<Semaphore>,
    kept: Mutex<HashMap<K, Kept<F>>>,
}

struct Kept<F> {
    counted: Option<Arc<Counted<F>>>,
    /// Told when the counting under way has ended.
    under_way: Option<watch::Receiver<()>>,
}

impl<K: Copy + Eq + Hash + Send + 'static, F: Send + Sync + 'static> Copies<K, F> {
    /// None yet.
    pub(in crate::web) fn new(
        db: &Db,
        clock: &Clock,
        turn: &Arc<Semaphore>,
        count: impl Fn(Tx, Timestamp, K) -> BoxFuture<'static, sqlx::Result<F>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (db, clock, turn) = (db.clone(), clock.clone(), turn.clone());
        let count: Count<K, F> = Box::new(count);
        Arc::new(Self { db, clock, count, turn, kept: Mutex::default() })
    }

    /// The figures for a key, no older than they may be, if they can be had within a moment; else an older
    /// copy, or none while they are counted for the first time.
    pub(in crate::web) async fn get(self: &Arc<Self>, key: K) -> Option<Arc<Counted<F>>> {
        let (older, mut ended) = {
            let mut kept = self.lock();
            let copy = kept.entry(key).or_insert(Kept { counted: None, under_way: None });
            if let Some(counted) = &copy.counted
                && self.is_fresh(counted)
            {
                return Some(counted.clone());
            }
            let running = copy.under_way.clone();
            (copy.counted.clone(), running.unwrap_or_else(|| self.start(key, copy)))
        };
        let slow = older.as_ref().is_some_and(|counted| counted.took >= QUICK);
        let patience = if slow { PATIENCE_WITH_COPY } else { PATIENCE };
        // An error is that the counting has ended, too.
        let _ = tokio::time::timeout(patience, ended.changed()).await;
        self.lock().get(&key).and_then(|copy| copy.counted.clone()).or(older)
    }

    fn is_fresh(&self, counted: &Counted<F>) -> bool {
        let now = self.clock.now();
        let lasts = MAX_AGE.max(counted.took * 20);
        // A clock that was set back makes no copy last.
        counted.took >= QUICK && counted.at <= now && now < counted.at.plus(lasts)
    }

    fn start(self: &Arc<Self>, key: K, copy: &mut Kept<F>) -> watch::Receiver<()> {
        let (end, ended) = watch::channel(());
        copy.under_way = Some(ended.clone());
        let copies = self.clone();
        tokio::spawn(async move {
            let counted = copies.counted(key).await;
            if let Some(copy) = copies.lock().get_mut(&key) {
                copy.under_way = None;
                match counted {
                    Ok(counted) => copy.counted = Some(Arc::new(counted)),
                    Err(error) => tracing::error!(error = ?error, "figures could not be counted"),
                }
            }
            drop(end);
        });
        ended
    }

    async fn counted(&self, key: K) -> sqlx::Result<Counted<F>> {
        let _turn = self.turn.acquire().await;
        let tx = self.db.read().await?;
        let (at, begun) = (self.clock.now(), Instant::now());
        let figures = (self.count)(tx, at, key).await?;
        Ok(Counted { at, figures, took: begun.elapsed() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Kept<F>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::state::database_tests;

    #[tokio::test]
    async fn a_page_goes_without_what_takes_long_to_count() {
        static MAY: Semaphore = Semaphore::const_new(0);
        let dir = tempfile::tempdir().unwrap();
        let db = database_tests::open(&dir).await;
        let turn = Arc::new(Semaphore::new(1));
        let clock = Clock::manual(Timestamp::EARLIEST);
        let copies = Copies::new(&db, &clock, &turn, |_, _, key: i64| {
            Box::pin(async move {
                MAY.acquire().await.unwrap().forget();
                Ok(key * 2)
            })
        });
        assert!(copies.get(21).await.is_none(), "it is still being counted");
        MAY.add_permits(1);
        let slow = copies.get(21).await.unwrap();
        assert_eq!(slow.figures, 42);
        let again = copies.get(21).await.unwrap();
        assert!(Arc::ptr_eq(&slow, &again), "a copy of it is kept");

        MAY.add_permits(2);
        let quick = copies.get(1).await.unwrap();
        let again = copies.get(1).await.unwrap();
        assert!(!Arc::ptr_eq(&quick, &again), "what is quick is counted anew");
        assert_eq!((quick.figures, again.figures), (2, 2));
    }
}
