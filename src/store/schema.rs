//! How far the schema of a database is.

use super::{Db, SQLITE_MIGRATIONS, Sql, on};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Nothing of this program is in the database.
    Missing,
    /// It is an earlier version's.
    Older,
    /// It is this version's, or a later one's.
    Current,
}

impl Db {
    /// How far the schema is; nothing is changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn schema(&self) -> sqlx::Result<Schema> {
        const IS_THERE: Sql = Sql {
            sqlite: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')",
            postgres: "SELECT to_regclass('_sqlx_migrations') IS NOT NULL",
        };
        let mut tx = self.read().await?;
        let is_there: bool =
            on!(&mut tx, IS_THERE, |conn, sql| sqlx::query_scalar(sql).fetch_one(conn).await)?;
        if !is_there {
            return Ok(Schema::Missing);
        }
        let applied: Option<i64> =
            on!(&mut tx, |conn| sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
                .fetch_one(conn)
                .await)?;
        let newest = SQLITE_MIGRATIONS.iter().map(|migration| migration.version).max();
        Ok(if applied >= newest { Schema::Current } else { Schema::Older })
    }
}
