//! A check of the whole ledger that somebody asked for, in the background of this process: one at a time,
//! and a restart just ends it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use tracing::Instrument;

use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::record_check::{record_check_asked, record_checked};
use crate::flows::{Act, Error, FlowSettings};
use crate::random::{Moment, Moments, Random};
use crate::sealing::verify::{Verification, verify};
use crate::store::Db;
use crate::store::ledger::checkpoints;
use crate::store::ledger::verdicts::Verdict;

/// What was asked for last, and what it came to.
#[derive(Default)]
pub struct LedgerCheck {
    state: Arc<Mutex<State>>,
}

/// What a check works with.
pub(in crate::web) struct Parts {
    pub db: Db,
    pub settings: FlowSettings,
    pub clock: Clock,
    pub random: Random,
}

#[derive(Default)]
struct State {
    /// How many of how many events are done, while a check runs.
    running: Option<Arc<Progress>>,
    /// The last check that this process was asked for.
    last: Option<Arc<Ended>>,
    task: Option<AbortHandle>,
}

/// How far a check has come.
#[derive(Debug)]
pub(in crate::web) struct Progress {
    done: AtomicI64,
    size: i64,
}

impl Progress {
    /// How many events are checked, and of how many.
    pub(in crate::web) fn so_far(&self) -> (i64, i64) {
        let done = self.done.load(Ordering::Relaxed);
        (done, self.size.max(done))
    }
}

/// How a check ended.
#[derive(Debug)]
pub(in crate::web) enum Ended {
    /// With this.
    Told(Verification),
    /// It could not be carried out, which was known at this moment; the last verdict stands.
    Failed(Timestamp),
}

impl Ended {
    /// Whether it is still to be told beside the verdict that stands: as the check that the verdict is of, or
    /// as one that failed since. What others found later says more than this process remembers.
    pub(in crate::web) fn is_told_beside(&self, verdict: Option<&Verdict>) -> bool {
        match self {
            Self::Told(told) => {
                verdict.is_some_and(|verdict| verdict.checked_at == told.checked_at)
            }
            Self::Failed(at) => verdict.is_none_or(|verdict| verdict.checked_at <= *at),
        }
    }
}

impl LedgerCheck {
    /// How far the check has come that runs, if one does.
    pub(in crate::web) fn running(&self) -> Option<Arc<Progress>> {
        lock(&self.state).running.clone()
    }

    /// How the last one ended.
    pub(in crate::web) fn last(&self) -> Option<Arc<Ended>> {
        lock(&self.state).last.clone()
    }

    /// Begins a check in somebody's name; nothing when one runs already, which is then theirs as well.
    pub(in crate::web) async fn begin(&self, parts: Parts, actor: String) -> Result<(), Error> {
        let size = checkpoints::find_size(&mut parts.db.read().await?).await?;
        let Some(place) = self.take(size) else { return Ok(()) };
        let act = Act::new(Moment::new(&parts.clock, &parts.random), actor);
        parts.db.run(|tx| Box::pin(record_check_asked(tx, &act))).await?;
        let checking = async move {
            let ended = match check(&parts, &act.actor, &place.progress).await {
                Ok(told) => Ended::Told(told),
                Err(error) => {
                    tracing::error!(error = ?error, "the ledger could not be checked");
                    Ended::Failed(parts.clock.now())
                }
            };
            place.end(ended);
        };
        let task = tokio::spawn(checking.in_current_span());
        lock(&self.state).task = Some(task.abort_handle());
        Ok(())
    }

    fn take(&self, size: i64) -> Option<Place> {
        let mut state = lock(&self.state);
        if state.running.is_some() {
            return None;
        }
        let progress = Arc::new(Progress { done: AtomicI64::new(0), size });
        state.running = Some(progress.clone());
        Some(Place { state: self.state.clone(), progress })
    }
}

/// Checks everything, keeps the verdict, and writes down in whose name that was.
async fn check(
    Parts { db, settings, clock, random }: &Parts,
    actor: &str,
    progress: &Progress,
) -> Result<Verification, Error> {
    let tell = |done| progress.done.store(done, Ordering::Relaxed);
    let told = verify(db, settings, Moments::new(clock, random), tell).await?;
    if let Some(finding) = told.findings.first() {
        tracing::error!(finding, "the consent ledger is not what it was; exports stop");
    }
    let findings = u64::try_from(told.findings.len()).unwrap_or(u64::MAX).saturating_add(told.more);
    let act = Act::new(Moment::new(clock, random), actor);
    db.run(|tx| Box::pin(record_checked(tx, &act, told.size, findings))).await?;
    Ok(told)
}

/// A check needs the database; it does not outlive the pages that show it.
impl Drop for LedgerCheck {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.state).task.take() {
            task.abort();
        }
    }
}

/// The place of the one check that runs. It is free again however that ends.
struct Place {
    state: Arc<Mutex<State>>,
    progress: Arc<Progress>,
}

impl Place {
    fn end(self, ended: Ended) {
        lock(&self.state).last = Some(Arc::new(ended));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.state).running = None;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_runs_at_a_time() {
        let check = LedgerCheck::default();
        let place = check.take(10).unwrap();
        assert!(check.take(10).is_none(), "the second joins the first");
        place.progress.done.store(4, Ordering::Relaxed);
        assert_eq!(check.running().unwrap().so_far(), (4, 10));
        place.end(Ended::Failed(Timestamp::EARLIEST));
        assert!(check.running().is_none() && matches!(*check.last().unwrap(), Ended::Failed(_)));
        drop(check.take(10).unwrap());
        assert!(check.take(10).is_some(), "the place is free however it ends");
    }
}
