//! All SQL. One text serves both databases; where texts must differ, both stand side by side in one
//! [`Sql`]. Conditions that decide stand in the statement, so that concurrent requests are decided by
//! the database and not by what one of them read earlier.

pub mod alarms;
mod away;
pub mod background_tasks;
pub mod catalog;
mod conditions;
mod connecting;
pub mod consent;
pub mod contacts;
pub mod database_clock;
pub mod dump;
pub mod dump_contents;
mod effects;
pub mod ledger;
pub mod mail;
mod migrating;
mod migrations;
mod open_error;
pub mod policy;
mod rows;
mod run;
pub mod schema;
pub mod signup;
pub mod snapshot;
mod sqlite_file;
pub mod staff;
mod text;
mod timestamp;
mod transaction;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgPool, SqlitePool};
use uuid::Uuid;

pub use away::is_away;
pub(crate) use conditions::{
    ends_consent, forbids_kind, in_force, renewal_missed, suppresses, suppresses_all,
};
pub use effects::{Effect, Signals};
pub use open_error::OpenError;
pub use run::{Running, UseCase, WriteTurn};
pub use sqlite_file::sqlite_file;
pub use transaction::{DbTransaction, LEFT_AGAIN, Tx};

use connecting::{
    BEGIN_TO_LOOK, BEGIN_TO_READ, BEGIN_TO_WRITE, is_outside_transactions, tell_if_full,
};

use crate::domain::timestamp::Timestamp;
use crate::outside::{Access, Outside};

/// Older SQLite libraries can corrupt a database when its write-ahead log is reset.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// How many connections to PostgreSQL one process holds: two processes fit into a server that has twenty. Exports and the
/// end of a check of the ledger may hold four for long.
pub const CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Two for each export under way: one in the background, and those of the console.
const EXPORTERS: u32 = 6;

/// The database behind the store.
#[derive(Clone)]
pub enum Db {
    /// One file: one writer, many readers.
    Sqlite {
        /// The only connection that writes.
        writer: SqlitePool,
        /// Connections that read beside it.
        readers: SqlitePool,
        /// Connections that read for long, opened when they are needed.
        exporters: SqlitePool,
        /// Whether the write-ahead log may hold what was erased, as after a start.
        forgets: Arc<AtomicBool>,
        /// Where endings are noted before they are committed.
        outside: Outside,
        /// What is told within this process.
        signals: Arc<Signals>,
    },
    /// A server, shared by several replicas.
    Postgres {
        /// Its connections.
        pool: PgPool,
        /// Where endings are noted before they are committed.
        outside: Outside,
        /// What is told within this process.
        signals: Arc<Signals>,
    },
}

/// A statement whose text has to differ between the two.
pub(crate) struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl Sql {
    /// One text for both.
    pub(crate) const fn same(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

/// Runs the body with `$conn` bound to the live driver's connection. The body is compiled once per
/// driver, so its types are the driver's own. With a [`Sql`], `$sql` is the text for that driver.
macro_rules! on {
    ($tx:expr, |$conn:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::store::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
    ($tx:expr, $text:expr, |$conn:ident, $sql:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let ($conn, $sql) = (&mut **tx, $text.sqlite);
                $body
            }
            $crate::store::Tx::Postgres(tx) => {
                let ($conn, $sql) = (&mut **tx, $text.postgres);
                $body
            }
        }
    };
}
pub(crate) use on;

impl Db {
    /// Opens the database named by `sqlite:PATH` or `postgres://…`. Nothing is migrated yet. Its transactions
    /// note endings outside before they commit them. Where what is outside is only looked at, so is the database: a
    /// file that is not there is not made. On PostgreSQL at most so many `connections` are held at once.
    ///
    /// # Errors
    /// When the URL is of neither kind or the database does not answer.
    pub async fn open(url: &str, outside: &Outside, connections: u32) -> Result<Self, OpenError> {
        let outside = outside.clone();
        if let Some(path) = sqlite_file(url) {
            Self::open_sqlite(path, outside).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = connecting::read_url(url)?;
            connecting::reach(&options, ACQUIRE_TIMEOUT).await?;
            let opened = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                // In place of a ping, which says less.
                .test_before_acquire(false)
                .before_acquire(|connection, _| Box::pin(is_outside_transactions(connection)))
                .connect_with(options.clone())
                .await;
            match opened {
                Ok(pool) => Ok(Self::Postgres { pool, outside, signals: Arc::default() }),
                Err(error) => {
                    Err(OpenError::from_connecting(connecting::explain(&options, error).await))
                }
            }
        } else {
            Err(OpenError::UnknownScheme)
        }
    }

    async fn open_sqlite(path: &Path, outside: Outside) -> Result<Self, OpenError> {
        let mut options = SqliteConnectOptions::new()
            .filename(path)
            // A commit is answered for only once it is on disk.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(ACQUIRE_TIMEOUT)
            // An event with its evidence fits into a page, and what comes in any order, such as the keys of addresses,
            // writes no larger ones anew. A file made before keeps its own size.
            .page_size(4096)
            // Statements of many rows have a text for each number of them.
            .statement_cache_capacity(512)
            // Pages are found again rather than read again: 8 MiB, four times what SQLite takes by itself.
            .pragma("cache_size", "-8192")
            // What is erased is overwritten, not only unlinked (GDPR Art. 17).
            .pragma("secure_delete", "ON");
        options = match outside.access() {
            Access::Use => options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal),
            // Who looks folds no log that a killed process left back into the file, and makes none.
            Access::Look if sqlite_file::has_log(path) => options.read_only(true),
            Access::Look => options.immutable(true),
        };
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                // SQLite ends a transaction by itself when the disk is full; a connection that still
                // counts one open would refuse every later one, so it is replaced.
                .before_acquire(|connection, _| {
                    Box::pin(async move { Ok(!connection.is_in_transaction()) })
                })
        };
        // What a statement of many rows would undo is held in memory; migrations sort in files.
        let writer = pool(1).connect_with(options.clone().pragma("temp_store", "MEMORY")).await?;
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&writer).await?;
        if numbers(&version) < OLDEST_SQLITE {
            return Err(OpenError::OldSqlite(version));
        }
        let options = options.pragma("query_only", "ON");
        let exporters = pool(EXPORTERS)
            .min_connections(0)
            .idle_timeout(Duration::from_secs(30))
            // Contacts lie all over the file: what is found again is little.
            .connect_lazy_with(options.clone().pragma("cache_size", "-4096"));
        let readers = pool(4).connect_with(options).await?;
        let forgets = Arc::new(AtomicBool::new(true));
        let signals = Arc::default();
        Ok(Self::Sqlite { writer, readers, exporters, forgets, outside, signals })
    }

    /// Begins a transaction that will write; use cases are run by [`Db::run`], which commits it. SQLite takes its write lock at once: a deferred one that
    /// reads first can fail with BUSY at its first write, and no waiting helps.
    ///
    /// # Errors
    /// When the database does not answer in time.
    pub async fn write(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, outside, .. } => {
                let begun = writer.begin_with("BEGIN IMMEDIATE").await?;
                Tx::Sqlite(DbTransaction::new(begun, outside))
            }
            Self::Postgres { pool, outside, .. } => {
                let text = match outside.access() {
                    Access::Use => BEGIN_TO_WRITE,
                    Access::Look => BEGIN_TO_LOOK,
                };
                let begun = pool.begin_with(text).await.inspect_err(tell_if_full)?;
                Tx::Postgres(DbTransaction::new(begun, outside))
            }
        })
    }

    /// Begins a transaction that only reads, and sees one moment however often it does: SQLite by itself,
    /// PostgreSQL when it is asked for.
    ///
    /// # Errors
    /// When the database does not answer in time.
    pub async fn read(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { readers, outside, .. } => {
                Tx::Sqlite(DbTransaction::new(readers.begin().await?, outside))
            }
            Self::Postgres { pool, outside, .. } => {
                let text = match outside.access() {
                    Access::Use => BEGIN_TO_READ,
                    Access::Look => BEGIN_TO_LOOK,
                };
                let begun = pool.begin_with(text).await.inspect_err(tell_if_full)?;
                Tx::Postgres(DbTransaction::new(begun, outside))
            }
        })
    }

    /// What is kept outside this database.
    #[must_use]
    pub fn outside(&self) -> &Outside {
        match self {
            Self::Sqlite { outside, .. } | Self::Postgres { outside, .. } => outside,
        }
    }

    /// What is told within this process.
    #[must_use]
    pub fn signals(&self) -> &Signals {
        match self {
            Self::Sqlite { signals, .. } | Self::Postgres { signals, .. } => signals,
        }
    }

    /// How many transactions of the intake may run at once.
    #[must_use]
    pub fn writers(&self) -> usize {
        match self {
            Self::Sqlite { .. } => 1,
            Self::Postgres { .. } => 2,
        }
    }

    /// Folds SQLite's write-ahead log back into the file and empties it, so that what was just erased is not
    /// left lying in it. `false` while somebody still reads what was before: try again soon, as the worker
    /// does. It waits for nobody, for others write through the same connection. PostgreSQL looks after its
    /// own.
    pub async fn forget_log(&self) -> bool {
        let Self::Sqlite { writer, forgets, .. } = self else { return true };
        let emptied = match empty_log(writer).await {
            Ok(emptied) => emptied,
            Err(error) => {
                tracing::warn!(error = ?error, "the write-ahead log could not be emptied");
                false
            }
        };
        forgets.store(!emptied, Ordering::Relaxed);
        emptied
    }

    /// Whether the write-ahead log still holds what was erased.
    #[must_use]
    pub fn must_forget(&self) -> bool {
        matches!(self, Self::Sqlite { forgets, .. } if forgets.load(Ordering::Relaxed))
    }

    /// Closes all connections, which lets SQLite fold its write-ahead log back into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, exporters, .. } => {
                exporters.close().await;
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }
}

async fn empty_log(writer: &SqlitePool) -> sqlx::Result<bool> {
    let mut connection = writer.acquire().await?;
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    let busy =
        sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    // As long as `ACQUIRE_TIMEOUT`.
    let patient = sqlx::query("PRAGMA busy_timeout = 5000").execute(&mut *connection).await;
    if patient.is_err() {
        // One without patience would refuse writes at a moment when another process writes.
        connection.close().await?;
    }
    busy.map(|busy: i64| busy == 0)
}

/// Whether the database answers at all.
///
/// # Errors
/// When it does not.
pub async fn ping(tx: &mut Tx) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("SELECT 1").execute(conn).await.map(drop))
}

/// Whether the database takes a write, which is known once this is committed.
///
/// # Errors
/// When it does not.
pub async fn check_write(tx: &mut Tx, now: Timestamp, process: Uuid) -> sqlx::Result<()> {
    const GONE: Duration = Duration::from_hours(24);
    on!(tx, |conn| {
        // A row for each process: none waits for another's.
        sqlx::query(
            "INSERT INTO write_check (process, written_at) VALUES ($1, $2)
             ON CONFLICT (process) DO UPDATE SET written_at = excluded.written_at",
        )
        .bind(process)
        .bind(now)
        .execute(&mut *conn)
        .await?;
        sqlx::query("DELETE FROM write_check WHERE written_at < $1")
            .bind(now.minus(GONE))
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Rows as the one JSON text that a set-based statement binds.
fn batch<T: serde::Serialize>(rows: &[T]) -> sqlx::Result<String> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

fn numbers(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}
