//! Runs the tasks of the background: each by itself, again and again, until the program stops. What goes wrong in a run,
//! even a panic, ends that run alone and is logged here: the task is tried again in its time, and the others go on.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::last_runs::LastRuns;
use crate::clock::Clock;
use crate::domain::background_task::BackgroundTask;
use crate::files::FilesError;
use crate::flows::Error;
use crate::store::background_tasks::{LastRun, TaskOutcome};

/// Something that is done again and again.
#[async_trait]
pub trait Task: Send + Sync {
    /// Which one it is, and when it is done.
    fn schedule(&self) -> Schedule;

    /// Does it once.
    ///
    /// # Errors
    /// When it could not be done; it is tried again in its time.
    async fn run(&mut self) -> Result<Outcome, TaskError>;

    /// Ends when it is to be done before its time. Most wait for nothing but that.
    async fn rung(&self) {
        std::future::pending::<()>().await;
    }
}

/// When a task is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The task.
    pub task: BackgroundTask,
    /// How long after the end of a run the next one begins.
    pub every: Duration,
    /// Whether the first begins at the start.
    pub at_once: bool,
}

impl Schedule {
    /// Runs at the start, and this long after each run.
    #[must_use]
    pub fn at_once(task: BackgroundTask, every: Duration) -> Self {
        Self { task, every, at_once: true }
    }

    /// Runs this long after the start, and after each run.
    #[must_use]
    pub fn after(task: BackgroundTask, every: Duration) -> Self {
        Self { task, every, at_once: false }
    }
}

/// What a run came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In words that name nobody; none where there was nothing to do.
    words: Option<String>,
    more_waits: bool,
}

impl Outcome {
    /// There was nothing to do.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Something was done. The words are kept, logged and shown at the console: they say what and how much, and name
    /// nobody.
    #[must_use]
    pub fn done(words: impl Into<String>) -> Self {
        Self { words: Some(words.into()), more_waits: false }
    }

    /// What was counted: each a number and its words for one and for several; nothing where all numbers are none.
    #[must_use]
    pub fn counted(counts: &[(usize, &str, &str)]) -> Self {
        let told = counts.iter().filter(|(number, ..)| *number > 0);
        let told: Vec<String> = told
            .map(|(number, one, more)| {
                format!("{number} {}", if *number == 1 { one } else { more })
            })
            .collect();
        Self { words: (!told.is_empty()).then(|| told.join(", ")), more_waits: false }
    }

    /// How many alarms began, and how many ended.
    #[must_use]
    pub fn alarms(raised: usize, ended: usize) -> Self {
        Self::counted(&[
            (raised, "alarm raised", "alarms raised"),
            (ended, "alarm over", "alarms over"),
        ])
    }

    /// More may wait: the next run begins at once.
    #[must_use]
    pub fn and_more_waits(self) -> Self {
        Self { more_waits: true, ..self }
    }
}

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// What it does was refused, or the database did not take it.
    #[error(transparent)]
    Flow(#[from] Error),
    /// The file store did not answer.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A process of its own could not be started, or the disk did not take what it works on.
    #[error("the first page of a report could not be drawn here")]
    Drawing(#[from] std::io::Error),
    /// It panicked, with these words.
    #[error("it panicked: {0}")]
    Panicked(String),
}

impl From<sqlx::Error> for TaskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// Runs tasks.
#[derive(Clone)]
pub struct Driver {
    clock: Clock,
    runs: LastRuns,
    stop: CancellationToken,
}

impl Driver {
    /// One that times runs by this clock and keeps the last of each there, until `stop` ends all tasks, each after the
    /// run that is under way.
    #[must_use]
    pub fn new(clock: &Clock, runs: &LastRuns, stop: &CancellationToken) -> Self {
        Self { clock: clock.clone(), runs: runs.clone(), stop: stop.clone() }
    }

    /// Runs this task until the program stops.
    pub async fn drive(self, mut task: Box<dyn Task>) {
        let schedule = task.schedule();
        let (mut is_due, mut fails) = (schedule.at_once, false);
        while !self.stop.is_cancelled() {
            if !is_due {
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = task.rung() => {}
                    () = tokio::time::sleep(schedule.every) => {}
                }
            }
            let failed_before = fails;
            (is_due, fails) = match self.run(task.as_mut(), schedule).await {
                Ok(outcome) => (outcome.more_waits, false),
                Err(_) => (false, true),
            };
            if failed_before && !fails {
                tracing::info!(task = schedule.task.as_str(), "a background task works again");
            }
        }
    }

    /// Runs it once, logs and keeps what that came to.
    async fn run(&self, task: &mut dyn Task, schedule: Schedule) -> Result<Outcome, TaskError> {
        let (name, started_at) = (schedule.task.as_str(), self.clock.now());
        let ended = AssertUnwindSafe(task.run()).catch_unwind().await;
        let ended =
            ended.unwrap_or_else(|panic| Err(TaskError::Panicked(words_of(panic.as_ref()))));
        let outcome = ended.as_ref().ok().and_then(|outcome| outcome.words.as_deref());
        if let Some(outcome) = outcome {
            tracing::info!(task = name, outcome, "a background task did something");
        }
        if let Err(error) = &ended {
            tracing::error!(task = name, error = ?error, "a background task failed");
        }
        let at = self.clock.now();
        self.runs.keep(LastRun {
            task: schedule.task,
            period: schedule.every,
            started_at,
            finished_at: at,
            outcome: outcome.map(|words| TaskOutcome { words: words.to_owned(), at }),
            failing_since: ended.is_err().then_some(at),
        });
        ended
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_counts_in_words() {
        let of = |signups, files| {
            Outcome::counted(&[(signups, "signup", "signups"), (files, "file", "files")])
        };
        assert_eq!(of(0, 0), Outcome::nothing());
        assert_eq!(of(1, 0), Outcome::done("1 signup"));
        assert_eq!(of(0, 2), Outcome::done("2 files"));
        assert_eq!(of(2, 1), Outcome::done("2 signups, 1 file"));
        assert!(of(1, 1).and_more_waits().more_waits && !of(1, 1).more_waits);
    }
}
