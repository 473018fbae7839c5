//! How far the schema of a database is.

use super::{Db, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, Sql, on};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Nothing of this program is in the database.
    Missing,
    /// It is an earlier version's, and this many changes wait.
    Older(usize),
    /// It is this version's.
    Current,
    /// This change was made by a version that is not this one, or failed halfway.
    Foreign(i64),
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
        let applied: Vec<(i64, Vec<u8>, bool)> = on!(&mut tx, |conn| sqlx::query_as(
            "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version"
        )
        .fetch_all(conn)
        .await)?;
        let ours = match self {
            Self::Sqlite { .. } => &SQLITE_MIGRATIONS,
            Self::Postgres { .. } => &POSTGRES_MIGRATIONS,
        };
        let is_ours = |(version, checksum, success): &(i64, Vec<u8>, bool)| {
            *success
                && ours.iter().any(|migration| {
                    migration.version == *version && migration.checksum == checksum.as_slice()
                })
        };
        if let Some((version, ..)) = applied.iter().find(|applied| !is_ours(applied)) {
            return Ok(Schema::Foreign(*version));
        }
        Ok(match ours.iter().count() - applied.len() {
            0 => Schema::Current,
            waiting => Schema::Older(waiting),
        })
    }
}
