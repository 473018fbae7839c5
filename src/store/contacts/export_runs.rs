//! Exports asked for at the console: what was asked, how far each is, what came of it.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::export_format::{Format, Preset};
use crate::domain::contacts::export_run::RunState;
use crate::domain::request_id::RequestId;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::contacts::exportable::ExportFilter;
use crate::store::{Sql, Tx, on};

/// How long a run is its worker's without a word: short, so that one that died costs little.
pub const LEASE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Clone, Copy)]
pub struct NewExportRun<'a> {
    /// Who asks, as the audit names them.
    pub actor: &'a str,
    /// Their account, if it is one.
    pub staff_id: Option<Uuid>,
    /// Which contacts.
    pub filter: &'a ExportFilter,
    /// The form of the file.
    pub format: Format,
    /// The tool whose names its columns have.
    pub preset: Option<Preset>,
    /// Whether it holds links to everybody's choices.
    pub links: bool,
    /// Whether a worker is to make it.
    pub is_job: bool,
}

/// One export.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ExportRun {
    /// Its key.
    pub export_run_id: Uuid,
    /// Who asked, as the audit names them.
    pub actor: String,
    /// The address of their account, if it is one.
    pub email: Option<String>,
    /// Of which purpose.
    pub purpose: Purpose,
    /// Only those whose signup asked for this report.
    pub report: Option<Slug>,
    /// Only those confirmed at or after this moment.
    pub since: Option<Timestamp>,
    /// Only those confirmed before this moment.
    pub until: Option<Timestamp>,
    /// Only those given under this policy version.
    pub policy: Option<Label>,
    /// The form of the file.
    pub format: Format,
    /// The tool whose names its columns have.
    pub preset: Option<Preset>,
    /// Whether it holds links to everybody's choices.
    pub links: bool,
    /// Whether a worker makes it.
    pub is_job: bool,
    /// Where it stands.
    pub state: RunState,
    /// How many contacts it will hold, once that is known.
    pub rows_expected: Option<i64>,
    /// How many it holds so far.
    pub rows_done: i64,
    /// The ledger's place when it was read.
    pub ledger_cursor: Option<i64>,
    /// The size of a job's file in bytes.
    pub byte_size: Option<i64>,
    /// SHA-256 of its bytes.
    pub sha256: Option<String>,
    /// Where a job's file lies, for as long as it does.
    pub file_key: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The moment whose contacts it holds.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub reason: Option<String>,
    /// The request that asked for it, while a worker makes it.
    pub request_id: Option<RequestId>,
}

impl ExportRun {
    /// Which contacts.
    #[must_use]
    pub fn filter(&self) -> ExportFilter {
        ExportFilter {
            purpose: self.purpose.clone(),
            report: self.report.clone(),
            since: self.since,
            until: self.until,
            policy: self.policy.clone(),
        }
    }
}

/// A run that somebody works on, by the number of their claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeldRun {
    /// The run.
    pub export_run_id: Uuid,
    /// Which claim of it.
    pub claims: i32,
}

/// How many jobs may be open at once.
const JOBS: i64 = 10;

/// Writes down what is asked for. A job waits for a worker; anything else is its asker's from the start. `None`
/// for a job while too many are open.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    new: NewExportRun<'_>,
) -> sqlx::Result<Option<HeldRun>> {
    const INSERT: Sql = Sql {
        sqlite: "INSERT INTO export_run (export_run_id, actor, staff_id, purpose, report, since, until, policy,
                     format, preset, links, is_job, state, claims, created_at, lease_until, request_id)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                     CASE $14 WHEN 1 THEN $16 END, $18
                 WHERE $14 = 1 OR (SELECT count(*) FROM export_run
                                   WHERE is_job AND state IN ('waiting', 'running')) < $17
                 RETURNING export_run_id, claims",
        postgres: "INSERT INTO export_run (export_run_id, actor, staff_id, purpose, report, since, until,
                       policy, format, preset, links, is_job, state, claims, created_at, lease_until, request_id)
                   SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                       CASE $14 WHEN 1 THEN now() + ($16 - $15) END, $18
                   WHERE $14 = 1 OR (SELECT count(*) FROM export_run
                                     WHERE is_job AND state IN ('waiting', 'running')) < $17
                   RETURNING export_run_id, claims",
    };
    // Those who ask at one moment would all find room.
    if new.is_job {
        lock_asking(tx).await?;
    }
    let (state, claims) = if new.is_job { (RunState::Waiting, 0) } else { (RunState::Running, 1) };
    on!(tx, INSERT, |conn, sql| sqlx::query_as(sql)
        .bind(at.new_id())
        .bind(new.actor)
        .bind(new.staff_id)
        .bind(&new.filter.purpose)
        .bind(&new.filter.report)
        .bind(new.filter.since)
        .bind(new.filter.until)
        .bind(&new.filter.policy)
        .bind(new.format)
        .bind(new.preset)
        .bind(new.links)
        .bind(new.is_job)
        .bind(state)
        .bind(claims)
        .bind(at.now)
        .bind(at.now.plus(LEASE))
        .bind(JOBS)
        .bind(at.request_id().filter(|_| new.is_job))
        .fetch_optional(conn)
        .await)
}

/// Lets one transaction at a time ask for a job. A writing transaction on SQLite is alone already.
async fn lock_asking(tx: &mut Tx) -> sqlx::Result<()> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext('export_run'), 0)")
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

macro_rules! run {
    ($which:literal) => {
        concat!(
            "SELECT x.export_run_id, x.actor, s.email, x.purpose, x.report, x.since, x.until, x.policy,
                    x.format, x.preset, x.links, x.is_job, x.state, x.rows_expected, x.rows_done,
                    x.ledger_cursor, x.byte_size, x.sha256, x.file_key, x.created_at, x.started_at,
                    x.finished_at, x.reason, x.request_id
             FROM export_run x LEFT JOIN staff s ON s.staff_id = x.staff_id ",
            $which
        )
    };
}

/// One run.
pub async fn find(tx: &mut Tx, id: Uuid) -> sqlx::Result<Option<ExportRun>> {
    on!(tx, |conn| sqlx::query_as(run!("WHERE x.export_run_id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await)
}

/// The runs before this one, newest first, at most `count`.
pub async fn list(tx: &mut Tx, before: Option<Uuid>, count: i64) -> sqlx::Result<Vec<ExportRun>> {
    on!(tx, |conn| sqlx::query_as(run!(
        "WHERE x.export_run_id < $1 ORDER BY x.export_run_id DESC LIMIT $2"
    ))
    .bind(before.unwrap_or(Uuid::max()))
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// Whether a job may wait for somebody; asked before [`claim`], which writes.
pub async fn is_any_open(tx: &mut Tx) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM export_run WHERE state IN ('waiting', 'running'))"
    )
    .fetch_one(conn)
    .await)
}

/// Takes the oldest job that nobody works on. On PostgreSQL leases run by the database's own clock, which
/// replicas share.
pub async fn claim(tx: &mut Tx, now: Timestamp) -> sqlx::Result<Option<HeldRun>> {
    const CLAIM: Sql = Sql {
        sqlite: "UPDATE export_run SET state = 'running', lease_until = $2, claims = claims + 1, rows_done = 0
                 WHERE export_run_id = (
                     SELECT export_run_id FROM export_run
                     WHERE is_job AND (state = 'waiting' OR (state = 'running'
                           AND (lease_until IS NULL OR lease_until <= $1)))
                     ORDER BY created_at LIMIT 1)
                 RETURNING export_run_id, claims",
        postgres: "UPDATE export_run SET state = 'running', lease_until = now() + ($2 - $1),
                       claims = claims + 1, rows_done = 0
                   WHERE export_run_id = (
                       SELECT export_run_id FROM export_run
                       WHERE is_job AND (state = 'waiting' OR (state = 'running'
                             AND (lease_until IS NULL OR lease_until <= now())))
                       ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
                   RETURNING export_run_id, claims",
    };
    on!(tx, CLAIM, |conn, sql| sqlx::query_as(sql)
        .bind(now)
        .bind(now.plus(LEASE))
        .fetch_optional(conn)
        .await)
}

/// Records how far a run is, and keeps it; `false` when it is somebody else's by now.
pub async fn renew(
    tx: &mut Tx,
    now: Timestamp,
    held: HeldRun,
    rows_done: i64,
) -> sqlx::Result<bool> {
    const RENEW: Sql = Sql {
        sqlite: "UPDATE export_run SET lease_until = $4, rows_done = $5
                 WHERE export_run_id = $1 AND claims = $2 AND state = 'running'",
        postgres: "UPDATE export_run SET lease_until = now() + ($4 - $3), rows_done = $5
                   WHERE export_run_id = $1 AND claims = $2 AND state = 'running'",
    };
    on!(tx, RENEW, |conn, sql| sqlx::query(sql)
        .bind(held.export_run_id)
        .bind(held.claims)
        .bind(now)
        .bind(now.plus(LEASE))
        .bind(rows_done)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// A run that begins to read.
pub struct StartedRun {
    /// Which, held by whoever makes it.
    pub held: HeldRun,
    /// The ledger's place at the moment whose contacts it holds.
    pub ledger_cursor: i64,
    /// How many they are.
    pub rows_expected: i64,
}

/// Notes the moment whose contacts a run holds, the ledger's place at it, and how many they are; `false` when it is
/// somebody else's by now.
pub async fn mark_started(tx: &mut Tx, now: Timestamp, started: &StartedRun) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE export_run SET started_at = $3, ledger_cursor = $4, rows_expected = $5
         WHERE export_run_id = $1 AND claims = $2 AND state = 'running'"
    )
    .bind(started.held.export_run_id)
    .bind(started.held.claims)
    .bind(now)
    .bind(started.ledger_cursor)
    .bind(started.rows_expected)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Gives a job back untouched, as when the program stops: the next worker begins at once.
pub async fn release(tx: &mut Tx, held: HeldRun) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE export_run SET state = 'waiting', lease_until = NULL
         WHERE export_run_id = $1 AND claims = $2 AND state = 'running'"
    )
    .bind(held.export_run_id)
    .bind(held.claims)
    .execute(conn)
    .await
    .map(drop))
}

/// What a run came to.
pub struct WholeRun<'a> {
    /// How many contacts.
    pub rows: i64,
    /// SHA-256 of the bytes.
    pub sha256: &'a str,
    /// Where a job's file lies, and its size in bytes.
    pub file: Option<(&'a str, i64)>,
}

/// Records that a run is whole; `false` when it is somebody else's by now.
pub async fn mark_done(
    tx: &mut Tx,
    now: Timestamp,
    held: HeldRun,
    whole: &WholeRun<'_>,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE export_run SET state = 'done', lease_until = NULL, request_id = NULL, finished_at = $3, rows_done = $4,
                sha256 = $5, file_key = $6, byte_size = $7
         WHERE export_run_id = $1 AND claims = $2 AND state = 'running'"
    )
    .bind(held.export_run_id)
    .bind(held.claims)
    .bind(now)
    .bind(whole.rows)
    .bind(whole.sha256)
    .bind(whole.file.map(|(key, _)| key))
    .bind(whole.file.map(|(_, size)| size))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// A run that ended before it was whole.
#[derive(Clone, Copy)]
pub struct BrokenExport<'a> {
    /// Which, held by whoever made it.
    pub held: HeldRun,
    /// How many contacts had been handed over at most.
    pub rows: i64,
    /// Why.
    pub reason: &'a str,
}

/// Notes that a run ended before it was whole; `false` when it is somebody else's by now.
pub async fn mark_failed(
    tx: &mut Tx,
    now: Timestamp,
    broken: BrokenExport<'_>,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE export_run SET state = 'failed', lease_until = NULL, request_id = NULL, finished_at = $3, rows_done = $4,
                reason = $5
         WHERE export_run_id = $1 AND claims = $2 AND state = 'running'"
    )
    .bind(broken.held.export_run_id)
    .bind(broken.held.claims)
    .bind(now)
    .bind(broken.rows)
    .bind(broken.reason)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })
}

/// Downloads whose server died on the way: their leases are over, and no worker takes them up.
pub async fn list_abandoned(tx: &mut Tx, now: Timestamp) -> sqlx::Result<Vec<HeldRun>> {
    const LIST: Sql = Sql {
        sqlite: "SELECT export_run_id, claims FROM export_run
                 WHERE state = 'running' AND NOT is_job AND (lease_until IS NULL OR lease_until <= $1)",
        postgres: "SELECT export_run_id, claims FROM export_run
                   WHERE state = 'running' AND NOT is_job AND $1 = $1
                     AND (lease_until IS NULL OR lease_until <= now())",
    };
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(now).fetch_all(conn).await)
}
