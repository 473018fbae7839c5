//! The one place where passwords are looked at: never more than four at once, for each takes 19 MiB and a
//! core.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::staff::password::{HashMemory, PasswordHash};
use crate::web::Error;

/// How many passwords are looked at at once.
const AT_ONCE: usize = 4;
/// How many tries are counted at once: each is a commit, and readers' forms wait for the same disk.
const COUNTED_AT_ONCE: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns, and the memory of those that nobody has.
pub struct HashPermits {
    turns: Arc<Semaphore>,
    counts: Semaphore,
    memories: Arc<Mutex<Vec<HashMemory>>>,
}

impl Default for HashPermits {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            counts: Semaphore::new(COUNTED_AT_ONCE),
            memories: Arc::default(),
        }
    }
}

impl HashPermits {
    /// The turn in which a try is counted.
    pub(in crate::web) async fn count(&self) -> Result<SemaphorePermit<'_>, Error> {
        match tokio::time::timeout(PATIENCE, self.counts.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::Unavailable),
        }
    }

    /// Does slow work on a password in its turn, on a thread of its own. The turn lasts as long as the work,
    /// even if whoever asked has gone.
    pub(in crate::web) async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let waiting = self.turns.clone().acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, waiting).await else {
            tracing::warn!("too many passwords wait to be looked at");
            return Err(Error::Unavailable);
        };
        let memories = self.memories.clone();
        let worked = tokio::task::spawn_blocking(move || {
            let free = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = free().pop().unwrap_or_default();
            let done = work(&mut memory);
            free().push(memory);
            drop(turn);
            done
        });
        worked.await.map_err(|_| Error::Internal)
    }

    /// Whether this was typed, at the same cost when there is no such account.
    pub(in crate::web) async fn is_right(
        &self,
        kept: Option<PasswordHash>,
        typed: String,
    ) -> Result<bool, Error> {
        let known = kept.is_some();
        let looked = self.take(move |memory| {
            let kept = kept.as_ref().or_else(|| PasswordHash::of_nobody());
            kept.map_or(Ok(false), |kept| kept.is_of(&typed, memory))
        });
        Ok(looked.await?? && known)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_its_work_though_nobody_waits_for_it() {
        let turns = HashPermits::default();
        let (begun, begins) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let mut asked = Box::pin(turns.take(move |_| {
            begun.send(()).unwrap();
            goes_on.recv().ok();
        }));
        assert!(futures_util::poll!(&mut asked).is_pending());
        begins.recv().unwrap();
        drop(asked);
        assert_eq!(turns.turns.available_permits(), AT_ONCE - 1);
        drop(go_on);
        let all = turns.turns.clone().acquire_many_owned(4);
        drop(tokio::time::timeout(PATIENCE, all).await.unwrap().unwrap());
        assert_eq!(turns.memories.lock().unwrap().len(), 1);
    }
}
