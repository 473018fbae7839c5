//! The one place where passwords are looked at: never more than four at once, for each takes 19 MiB and a
//! core.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::domain::password::PasswordHash;
use crate::web::Error;

/// How many passwords are looked at at once.
const AT_ONCE: usize = 4;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns.
pub struct HashTurns(Semaphore);

impl Default for HashTurns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl HashTurns {
    /// Does slow work on a password in its turn, on a thread of its own.
    pub(super) async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.0.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            tracing::warn!("too many passwords wait to be looked at");
            return Err(Error::Unavailable);
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal)
    }

    /// Whether this was typed, at the same cost when there is no such account.
    pub(super) async fn is_right(
        &self,
        kept: Option<PasswordHash>,
        typed: String,
    ) -> Result<bool, Error> {
        let known = kept.is_some();
        let looked = self.take(move || {
            let kept = kept.as_ref().or_else(|| PasswordHash::of_nobody());
            kept.map_or(Ok(false), |kept| kept.is_of(&typed))
        });
        Ok(looked.await?? && known)
    }
}
