//! The schema is brought up to date by one process at a time. PostgreSQL's lock for that ends with its transaction, so
//! that it holds through a pooler too, and never stays behind somebody who hangs.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::time::Instant;

use super::away::{GAVE_WAY, has_code};
use super::connecting::BEGIN_TO_WRITE;
use super::open_error::OpenError;
use super::{Db, migrations};

/// `lock_not_available`.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// How long until the next look.
const PAUSE: Duration = Duration::from_millis(250);
/// The lock's key, which is no other program's by chance alone.
const KEY: i64 = 0x6173_7365_6e74_0001;

impl Db {
    /// Brings the schema up to date; safe to run by several replicas at once. So long is waited for another that does so, and
    /// for whoever holds a table.
    ///
    /// # Errors
    /// When a migration fails, or another process migrates for longer than is waited for; nothing is changed then.
    pub async fn migrate(&self, patience: Duration) -> Result<(), OpenError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut connection = writer.acquire().await?;
                sqlx::query("PRAGMA temp_store = FILE").execute(&mut *connection).await?;
                migrations::SQLITE.run(&mut *connection).await?;
                sqlx::query("PRAGMA temp_store = MEMORY").execute(&mut *connection).await?;
                Ok(())
            }
            Self::Postgres { pool, .. } => migrate_postgres(pool, patience).await,
        }
    }
}

async fn migrate_postgres(pool: &PgPool, patience: Duration) -> Result<(), OpenError> {
    let until = Instant::now() + patience;
    loop {
        let tried = try_postgres(pool).await;
        let is_held = match &tried {
            Err(OpenError::MigratedByAnother(_)) => true,
            Err(error) => has_code(error, GAVE_WAY) || has_code(error, &[LOCK_NOT_AVAILABLE]),
            Ok(()) => false,
        };
        if !is_held || Instant::now() + PAUSE >= until {
            return tried;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// All of it, or nothing. Who holds a table, as for a long query or a back-up, is not waited for for long: others would
/// wait behind this, for what it holds already.
async fn try_postgres(pool: &PgPool) -> Result<(), OpenError> {
    let mut tx = pool.begin_with(BEGIN_TO_WRITE).await?;
    if !take_lock(&mut tx).await? {
        return Err(OpenError::MigratedByAnother(find_holder(&mut tx).await?));
    }
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    migrations::POSTGRES.run(&mut *tx).await?;
    Ok(tx.commit().await?)
}

async fn take_lock(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(KEY).fetch_one(connection).await
}

/// Who migrates, as the database knows it.
async fn find_holder(connection: &mut PgConnection) -> sqlx::Result<String> {
    const HOLDER: &str = "SELECT format('process %s of the database server (%s%s, since %s)', a.pid, a.application_name,
                                        ' from ' || host(a.client_addr), a.xact_start)
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
           AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
           AND (l.classid::bigint << 32 | l.objid::bigint) = $1";
    let holder = sqlx::query_scalar(HOLDER).bind(KEY).fetch_optional(connection).await?;
    Ok(holder.unwrap_or_else(|| "a process that has ended meanwhile".to_owned()))
}
