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
use crate::flows::Error;
use crate::flows::record_task::{WRITTEN_EVERY, record_task};
use crate::store::Db;
use crate::store::background_tasks::LastRun;

/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The last runs of a process.
#[derive(Clone)]
pub struct LastRuns(Arc<Shared>);

struct Shared {
    /// By which a process knows its own word again.
    process: Uuid,
    kept: Mutex<BTreeMap<BackgroundTask, Kept>>,
    news: Notify,
}

/// A run, and what the database knows of it.
#[derive(Clone, Debug)]
struct Kept {
    run: LastRun,
    /// Whether no word of this process about the task was written yet.
    is_first: bool,
    is_written: bool,
}

impl LastRuns {
    /// Of a process that just began; the key tells it from others.
    #[must_use]
    pub fn new(process: Uuid) -> Self {
        Self(Arc::new(Shared { process, kept: Mutex::default(), news: Notify::new() }))
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<BackgroundTask, Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a run that is over in place of the one before; it waits for no database. What it came to and since when it
    /// fails are those of this run alone.
    pub fn keep(&self, run: LastRun) {
        let mut kept = self.kept();
        let before = kept.get(&run.task);
        let is_news = is_news(before.map(|kept| &kept.run), &run);
        let is_first = before.is_none_or(|kept| kept.is_first);
        let run = follow(before.map(|kept| &kept.run), run);
        kept.insert(run.task, Kept { run, is_first, is_written: false });
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
            let unwritten = self.take_unwritten();
            if let Err(error) = write(&db, self.0.process, &unwritten).await {
                tracing::error!(error = ?error, "runs of background tasks could not be recorded");
                self.put_back(&unwritten);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN) => self.0.news.notify_one(),
                }
            }
        }
    }

    fn take_unwritten(&self) -> Vec<Kept> {
        let mut kept = self.kept();
        let mut unwritten = Vec::new();
        for kept in kept.values_mut().filter(|kept| !kept.is_written) {
            unwritten.push(kept.clone());
            kept.is_written = true;
            kept.is_first = false;
        }
        unwritten
    }

    /// What could not be written after all. Of a task that ran again meanwhile only the newer run is kept.
    fn put_back(&self, unwritten: &[Kept]) {
        let mut kept = self.kept();
        for Kept { run, is_first, .. } in unwritten {
            if let Some(kept) = kept.get_mut(&run.task) {
                kept.is_written = false;
                kept.is_first |= is_first;
            }
        }
    }
}

/// Whether a run tells something that must not wait: the first word of a task, something done, a failure that begins or
/// ends.
fn is_news(before: Option<&LastRun>, run: &LastRun) -> bool {
    run.outcome.is_some()
        || before.is_none_or(|before| before.failing_since.is_some() != run.failing_since.is_some())
}

/// A run after the one before: what something came to stays until something comes to more, and a failure begins once.
fn follow(before: Option<&LastRun>, run: LastRun) -> LastRun {
    let Some(before) = before else { return run };
    let failing_since = run.failing_since.map(|since| before.failing_since.unwrap_or(since));
    let outcome = run.outcome.or_else(|| before.outcome.clone());
    LastRun { outcome, failing_since, ..run }
}

async fn write(db: &Db, process: Uuid, unwritten: &[Kept]) -> Result<(), Error> {
    if unwritten.is_empty() {
        return Ok(());
    }
    db.run(|tx| {
        Box::pin(async move {
            for Kept { run, is_first, .. } in unwritten {
                record_task(tx, process, run, *is_first).await?;
            }
            Ok(())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::timestamp::Timestamp;
    use crate::store::background_tasks::TaskOutcome;

    const SEALS: BackgroundTask = BackgroundTask::SealLedger;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_micros(minute * 60_000_000)
    }

    fn run(minute: i64, outcome: Option<&str>, failed: bool) -> LastRun {
        let at = at(minute);
        LastRun {
            task: SEALS,
            period: Duration::from_secs(5),
            started_at: at,
            finished_at: at,
            outcome: outcome.map(|words| TaskOutcome { words: words.to_owned(), at }),
            failing_since: failed.then_some(at),
        }
    }

    fn begin() -> LastRuns {
        LastRuns::new(Uuid::from_u128(1))
    }

    /// What waits for the database after this run, and whether it waits no longer than that.
    fn told(runs: &LastRuns, run: LastRun) -> (Kept, bool) {
        runs.keep(run);
        let is_news = runs.0.news.notified().now_or_never().is_some();
        (runs.take_unwritten().pop().unwrap(), is_news)
    }

    #[test]
    fn only_what_tells_something_is_written_at_once() {
        let runs = begin();
        assert!(told(&runs, run(0, None, false)).1, "the first word");
        assert!(!told(&runs, run(1, None, false)).1);
        assert!(told(&runs, run(2, Some("5 sealed"), false)).1, "something done");
        assert!(!told(&runs, run(3, None, false)).1);
        assert!(told(&runs, run(4, None, true)).1, "a failure begins");
        assert!(!told(&runs, run(5, None, true)).1, "and goes on");
        assert!(told(&runs, run(6, None, false)).1, "and is over");
        assert!(runs.take_unwritten().is_empty(), "each is written once");
    }

    #[test]
    fn a_failure_keeps_its_beginning_and_an_outcome_its_time() {
        let runs = begin();
        told(&runs, run(0, Some("5 sealed"), false));
        told(&runs, run(1, None, true));
        let failing = told(&runs, run(2, None, true)).0.run;
        assert_eq!((failing.failing_since, failing.finished_at), (Some(at(1)), at(2)));
        assert_eq!(failing.outcome, Some(TaskOutcome { words: "5 sealed".into(), at: at(0) }));
        let works = told(&runs, run(3, None, false)).0.run;
        assert_eq!(works.failing_since, None);
        assert_eq!(told(&runs, run(4, None, true)).0.run.failing_since, Some(at(4)), "another one");
    }

    #[test]
    fn what_could_not_be_written_waits_with_what_came_since() {
        let runs = begin();
        let (first, _) = told(&runs, run(0, Some("5 sealed"), false));
        assert!(first.is_first);
        runs.keep(run(1, None, true));
        runs.put_back(&[first]);
        let waiting = runs.take_unwritten();
        let [second] = &waiting[..] else { unreachable!("{waiting:?}") };
        assert!(second.is_first && second.run.failing_since == Some(at(1)));
        assert_eq!(second.run.outcome.as_ref().map(|outcome| outcome.at), Some(at(0)));
        assert!(!told(&runs, run(2, None, true)).0.is_first);
    }
}
