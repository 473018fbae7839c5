//! The last run of each background task of this process, brought to the database: at once where it tells something, and
//! every minute with all others. A commit for each run in which there was nothing to do would be most that an idle
//! program writes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::background_task::BackgroundTask;
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::flows::record_tasks::{WRITTEN_EVERY, record_tasks};
use crate::store::Db;
use crate::store::background_tasks::{LastRun, TaskOutcome};

/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// A run that is over.
#[derive(Clone, Copy, Debug)]
pub struct EndedRun<'a> {
    /// The task.
    pub task: BackgroundTask,
    /// How long after it the next one begins.
    pub period: Duration,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Timestamp,
    /// What it came to, in words that name nobody; none where there was nothing to do.
    pub outcome: Option<&'a str>,
    /// Whether it came to nothing because something went wrong.
    pub failed: bool,
}

/// The last runs of a process.
#[derive(Clone)]
pub struct RunLog(Arc<Runs>);

struct Runs {
    /// By which a process knows its own word again.
    process: Uuid,
    kept: Mutex<BTreeMap<BackgroundTask, Kept>>,
    news: Notify,
}

struct Kept {
    run: LastRun,
    is_written: bool,
}

impl RunLog {
    /// Of a process that just began; the key tells it from others.
    #[must_use]
    pub fn new(process: Uuid) -> Self {
        Self(Arc::new(Runs { process, kept: Mutex::default(), news: Notify::new() }))
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<BackgroundTask, Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a run in place of the one before; it waits for no database.
    pub fn keep(&self, run: EndedRun<'_>) {
        let mut kept = self.kept();
        let before = kept.get(&run.task).map(|kept| &kept.run);
        let is_news = is_news(before, &run);
        let run = follow(before, &run);
        kept.insert(run.task, Kept { run, is_written: false });
        drop(kept);
        if is_news {
            self.0.news.notify_one();
        }
    }

    /// Brings what is kept to the database until the program stops.
    pub async fn write_down(self, db: Db, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.news.notified() => {}
                () = tokio::time::sleep(WRITTEN_EVERY) => {}
            }
            let runs = self.take_unwritten();
            if let Err(error) = write(&db, self.0.process, &runs).await {
                tracing::error!(error = ?error, "runs of background tasks could not be recorded");
                self.put_back(&runs);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN) => self.0.news.notify_one(),
                }
            }
        }
    }

    fn take_unwritten(&self) -> Vec<LastRun> {
        let mut kept = self.kept();
        let mut runs = Vec::new();
        for Kept { run, is_written } in kept.values_mut().filter(|kept| !kept.is_written) {
            runs.push(run.clone());
            *is_written = true;
            run.is_first = false;
        }
        runs
    }

    /// What could not be written after all. Of a task that ran again meanwhile only the newer run is kept.
    fn put_back(&self, runs: &[LastRun]) {
        let mut kept = self.kept();
        for run in runs {
            if let Some(kept) = kept.get_mut(&run.task) {
                kept.is_written = false;
                kept.run.is_first |= run.is_first;
            }
        }
    }
}

/// Whether a run tells something that must not wait: the first word of a task, something done, a failure that begins or
/// ends.
fn is_news(before: Option<&LastRun>, run: &EndedRun<'_>) -> bool {
    run.outcome.is_some()
        || before.is_none_or(|before| before.failing_since.is_some() != run.failed)
}

/// The last run after the one before: what something came to stays until something comes to more, and a failure begins
/// once.
fn follow(before: Option<&LastRun>, run: &EndedRun<'_>) -> LastRun {
    let at = run.finished_at;
    let outcome = run.outcome.map(|words| TaskOutcome { words: words.to_owned(), at });
    let failing_since = before.and_then(|before| before.failing_since).unwrap_or(at);
    LastRun {
        task: run.task,
        period: run.period,
        started_at: run.started_at,
        finished_at: at,
        outcome: outcome.or_else(|| before?.outcome.clone()),
        failing_since: run.failed.then_some(failing_since),
        is_first: before.is_none_or(|before| before.is_first),
    }
}

async fn write(db: &Db, process: Uuid, runs: &[LastRun]) -> Result<(), Error> {
    if runs.is_empty() {
        return Ok(());
    }
    db.run(|tx| Box::pin(record_tasks(tx, process, runs))).await
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const SEALS: BackgroundTask = BackgroundTask::SealLedger;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_micros(minute * 60_000_000)
    }

    fn run(minute: i64, outcome: Option<&str>, failed: bool) -> EndedRun<'_> {
        EndedRun {
            task: SEALS,
            period: Duration::from_secs(5),
            started_at: at(minute),
            finished_at: at(minute),
            outcome,
            failed,
        }
    }

    fn log() -> RunLog {
        RunLog::new(Uuid::from_u128(1))
    }

    /// What waits for the database after this run, and whether it waits no longer than that.
    fn told(log: &RunLog, run: EndedRun<'_>) -> (LastRun, bool) {
        log.keep(run);
        let is_news = log.0.news.notified().now_or_never().is_some();
        (log.take_unwritten().pop().unwrap(), is_news)
    }

    #[test]
    fn only_what_tells_something_is_written_at_once() {
        let log = log();
        assert!(told(&log, run(0, None, false)).1, "the first word");
        assert!(!told(&log, run(1, None, false)).1);
        assert!(told(&log, run(2, Some("5 sealed"), false)).1, "something done");
        assert!(!told(&log, run(3, None, false)).1);
        assert!(told(&log, run(4, None, true)).1, "a failure begins");
        assert!(!told(&log, run(5, None, true)).1, "and goes on");
        assert!(told(&log, run(6, None, false)).1, "and is over");
        assert!(log.take_unwritten().is_empty(), "each is written once");
    }

    #[test]
    fn a_failure_keeps_its_beginning_and_an_outcome_its_time() {
        let log = log();
        told(&log, run(0, Some("5 sealed"), false));
        told(&log, run(1, None, true));
        let (failing, _) = told(&log, run(2, None, true));
        assert_eq!((failing.failing_since, failing.finished_at), (Some(at(1)), at(2)));
        assert_eq!(failing.outcome, Some(TaskOutcome { words: "5 sealed".into(), at: at(0) }));
        let (works, _) = told(&log, run(3, None, false));
        assert_eq!(works.failing_since, None);
        assert_eq!(told(&log, run(4, None, true)).0.failing_since, Some(at(4)), "another one");
    }

    #[test]
    fn what_could_not_be_written_waits_with_what_came_since() {
        let log = log();
        let (first, _) = told(&log, run(0, Some("5 sealed"), false));
        assert!(first.is_first);
        log.keep(run(1, None, true));
        log.put_back(&[first]);
        let waiting = log.take_unwritten();
        let [second] = &waiting[..] else { unreachable!("{waiting:?}") };
        assert!(second.is_first && second.failing_since == Some(at(1)));
        assert_eq!(second.outcome.as_ref().map(|outcome| outcome.at), Some(at(0)));
        assert!(!told(&log, run(2, None, true)).0.is_first);
    }
}
