//! Why a database cannot be used.

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names neither database.
    #[error("the database URL must begin with `sqlite:` or `postgres://`")]
    UnknownScheme,
    /// The SQLite library is one that can lose data.
    #[error("SQLite {0} can corrupt its write-ahead log: build with 3.51.3 or newer")]
    OldSqlite(String),
    /// The driver would take the first, or none.
    #[error(
        "the database URL names several servers: name one, and have a proxy that knows the primary stand before them, such \
         as HAProxy"
    )]
    SeveralHosts,
    /// A file that the URL names.
    #[error("the database URL names {0}, which cannot be read")]
    File(String, #[source] std::io::Error),
    /// Names and words of all languages are stored.
    #[error(
        "the database keeps texts in {0}: make one with `ENCODING 'UTF8'` (and `TEMPLATE template0`)"
    )]
    Encoding(String),
    /// The database cannot be reached or read.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// What stands before the database gives each transaction another connection, and forgets what was prepared.
    #[error(
        "the database is reached through a pooler that keeps no prepared statements: PgBouncer keeps them from 1.21 on with \
         `max_prepared_statements = 200`, or in `pool_mode = session`; or name the database itself"
    )]
    Pooler(#[source] sqlx::Error),
    /// Somebody else has the schema's lock and keeps it.
    #[error(
        "another start brings this database's tables up to date and has not ended: {0}. If it hangs, end it by \
         `SELECT pg_terminate_backend(…)` with its number, then start again"
    )]
    MigratedByAnother(String),
    /// The schema could not be brought up to date.
    #[error("the database's migrations failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
