//! How far the schema of a database is.

use super::{Db, Sql, Tx, migrations, on};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Nothing of this program is in the database.
    Missing,
    /// It is an earlier version's, and this many changes wait.
    Older(usize),
    /// It is this version's.
    Current,
    /// Tables of another program are there under names of ours.
    Occupied,
    /// A newer version made this change.
    Newer(i64),
    /// This change was made by a version of another line, or failed halfway.
    Foreign(i64),
}

/// A newer version made this change to the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a newer version of this program worked on this database (change {0}): run that version here, too"
)]
pub struct NewerSchema(pub i64);

/// Nothing is begun on tables like these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// There are none, and they are not to be made.
    #[error("there is nothing in this database yet: `assent migrate` sets it up")]
    Missing,
    /// They are an earlier version's, and not to be changed.
    #[error(
        "this database is an earlier version's (changes that wait: {0}): take a back-up, then `assent migrate` makes them"
    )]
    Older(usize),
    /// Another program's.
    #[error(
        "tables of another program are there under names that this one uses: give it a database of its own"
    )]
    Occupied,
    /// A newer version's.
    #[error(transparent)]
    Newer(#[from] NewerSchema),
    /// Another line's.
    #[error(
        "change {0} to its tables is not this program's, or failed halfway: put the newest back-up back, or run the \
         version that made it"
    )]
    Foreign(i64),
}

impl Schema {
    /// Itself, where it is this version's or can become it.
    ///
    /// # Errors
    /// When it is another's.
    pub fn usable(self) -> Result<Self, SchemaError> {
        match self {
            Self::Missing | Self::Older(_) | Self::Current => Ok(self),
            Self::Occupied => Err(SchemaError::Occupied),
            Self::Newer(change) => Err(NewerSchema(change).into()),
            Self::Foreign(change) => Err(SchemaError::Foreign(change)),
        }
    }
}

impl Db {
    /// How far the schema is; nothing is changed.
    pub async fn schema(&self) -> sqlx::Result<Schema> {
        const IS_THERE: Sql = Sql {
            sqlite: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')",
            postgres: "SELECT to_regclass('_sqlx_migrations') IS NOT NULL",
        };
        const OTHERS: Sql = Sql {
            sqlite: "SELECT EXISTS (SELECT 1 FROM sqlite_master
                                    WHERE name IN ('subscriber', 'signup', 'consent', 'report', 'outbox', 'staff'))",
            postgres: "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class
                                      WHERE relnamespace = to_regnamespace(current_schema())
                                        AND relname IN ('subscriber', 'signup', 'consent', 'report', 'outbox', 'staff'))",
        };
        let mut tx = self.read().await?;
        let is_there: bool =
            on!(&mut tx, IS_THERE, |conn, sql| sqlx::query_scalar(sql).fetch_one(conn).await)?;
        if !is_there {
            let others: bool =
                on!(&mut tx, OTHERS, |conn, sql| sqlx::query_scalar(sql).fetch_one(conn).await)?;
            return Ok(if others { Schema::Occupied } else { Schema::Missing });
        }
        let applied: Vec<(i64, Vec<u8>, bool)> = on!(&mut tx, |conn| sqlx::query_as(
            "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version"
        )
        .fetch_all(conn)
        .await)?;
        let ours = match self {
            Self::Sqlite { .. } => &migrations::SQLITE,
            Self::Postgres { .. } => &migrations::POSTGRES,
        };
        let is_ours = |(version, checksum, success): &(i64, Vec<u8>, bool)| {
            *success
                && ours.iter().any(|migration| {
                    migration.version == *version && migration.checksum == checksum.as_slice()
                })
        };
        let newest = ours.iter().map(|migration| migration.version).max();
        if let Some((version, ..)) = applied.iter().find(|applied| !is_ours(applied)) {
            let is_newer = Some(*version) > newest;
            return Ok(if is_newer { Schema::Newer(*version) } else { Schema::Foreign(*version) });
        }
        Ok(match ours.iter().count() - applied.len() {
            0 => Schema::Current,
            waiting => Schema::Older(waiting),
        })
    }

    /// What the database lets us do; a file lets whoever may write it do all.
    pub async fn rights(&self) -> sqlx::Result<Rights> {
        const RIGHTS: &str = "SELECT pg_is_in_recovery() AS is_standby,
                    has_schema_privilege(current_schema(), 'CREATE') AS makes_tables,
                    COALESCE((SELECT bool_and(has_table_privilege(oid, 'INSERT')) FROM pg_class
                              WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())), true)
                        AS writes";
        match &mut self.read().await? {
            Tx::Sqlite(_) => Ok(Rights { is_standby: false, makes_tables: true, writes: true }),
            Tx::Postgres(tx) => sqlx::query_as(RIGHTS).fetch_one(&mut **tx).await,
        }
    }
}

/// What a database lets us do.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Rights {
    /// Whether it follows another, and takes nothing.
    pub is_standby: bool,
    /// Whether tables may be made.
    pub makes_tables: bool,
    /// Whether rows may be added to all that are there.
    pub writes: bool,
}
