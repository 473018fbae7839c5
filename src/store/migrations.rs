//! What makes the tables of each database.

use std::sync::LazyLock;

use sqlx::migrate::Migrator;

pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// Whoever runs them holds a lock that a pooler does not lose, in place of the migrator's own.
pub(super) static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    migrations.set_locking(false);
    migrations
});
