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
    /// The database cannot be reached or read.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// What stands before the database passes on no session.
    #[error(
        "the database is reached through a pooler such as PgBouncer, which must keep a session on one connection: set \
         `pool_mode = session` and `ignore_startup_parameters = extra_float_digits,options` there, or name the \
         database itself"
    )]
    Pooler(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's migrations failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
