//! The last run of each background task.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::background_task::BackgroundTask;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// What a run came to in which there was something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOutcome {
    /// In words that name nobody.
    pub words: String,
    /// When.
    pub at: Timestamp,
}

/// The last run of a task: as the process that did it knows it, or, from [`list`], as all together do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// Which task.
    pub task: BackgroundTask,
    /// How long after it the next one begins.
    pub period: Duration,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Timestamp,
    /// What it came to, or the last one before it in which there was something to do.
    pub outcome: Option<TaskOutcome>,
    /// Since when it fails, in this process or in some, if it does.
    pub failing_since: Option<Timestamp>,
}

/// Writes the last run down. An outcome stays until another one comes; whether the task fails is not said here.
pub async fn upsert(tx: &mut Tx, run: &LastRun) -> sqlx::Result<()> {
    let period = i64::try_from(run.period.as_millis()).unwrap_or(i64::MAX).max(1);
    let outcome = run.outcome.as_ref();
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO background_task (name, period_ms, started_at, finished_at, outcome, outcome_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE SET
             period_ms = excluded.period_ms,
             started_at = excluded.started_at,
             finished_at = excluded.finished_at,
             outcome = COALESCE(excluded.outcome, background_task.outcome),
             outcome_at = COALESCE(excluded.outcome_at, background_task.outcome_at)"
    )
    .bind(run.task.as_str())
    .bind(period)
    .bind(run.started_at)
    .bind(run.finished_at)
    .bind(outcome.map(|outcome| outcome.words.as_str()))
    .bind(outcome.map(|outcome| outcome.at))
    .execute(conn)
    .await
    .map(drop)
    })
}

/// The task failed in this process, which has seen it fail since then. It fails already where another process said so
/// before.
pub async fn mark_failing(
    tx: &mut Tx,
    run: &LastRun,
    since: Timestamp,
    process: Uuid,
) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE background_task
         SET failing_since = COALESCE(failing_since, $2), failed_at = $3, failed_by = $4
         WHERE name = $1"
    )
    .bind(run.task.as_str())
    .bind(since)
    .bind(run.finished_at)
    .bind(process)
    .execute(conn)
    .await
    .map(drop))
}

/// The task works in this process. What another one sees fail goes on failing, unless no word of the failure came since
/// `stale`.
pub async fn mark_working(
    tx: &mut Tx,
    run: &LastRun,
    process: Uuid,
    stale: Timestamp,
) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "UPDATE background_task SET failing_since = NULL, failed_at = NULL, failed_by = NULL
         WHERE name = $1 AND failing_since IS NOT NULL AND (failed_by = $2 OR failed_at < $3)",
        )
        .bind(run.task.as_str())
        .bind(process)
        .bind(stale)
        .execute(conn)
        .await
        .map(drop)
    })
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    period_ms: i64,
    started_at: Timestamp,
    finished_at: Timestamp,
    outcome: Option<String>,
    outcome_at: Option<Timestamp>,
    failing_since: Option<Timestamp>,
}

/// All of which word came, in the order of [`BackgroundTask::ALL`]; those are left out that only another version knows.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<LastRun>> {
    let rows: Vec<Row> = on!(tx, |conn| sqlx::query_as(
        "SELECT name, period_ms, started_at, finished_at, outcome, outcome_at, failing_since
         FROM background_task"
    )
    .fetch_all(conn)
    .await)?;
    let mut tasks: Vec<LastRun> = rows.into_iter().filter_map(Row::known).collect();
    tasks.sort_by_key(|task| task.task);
    Ok(tasks)
}

impl Row {
    fn known(self) -> Option<LastRun> {
        let outcome = self.outcome.zip(self.outcome_at);
        Some(LastRun {
            task: self.name.parse().ok()?,
            period: Duration::from_millis(u64::try_from(self.period_ms).unwrap_or(0)),
            started_at: self.started_at,
            finished_at: self.finished_at,
            outcome: outcome.map(|(words, at)| TaskOutcome { words, at }),
            failing_since: self.failing_since,
        })
    }
}
