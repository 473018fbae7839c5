//! One moment of the database, for reading much of it.

use sqlx::Connection;

use super::{Db, DbTransaction, Tx, ping};

/// One moment. SQLite's is read through two connections, for each keeps no more than one core busy.
pub struct Snapshot {
    pub(super) first: Tx,
    pub(super) second: Option<Tx>,
}

impl Snapshot {
    /// The moment, for small questions.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.first
    }
}

impl Db {
    /// Begins to read one moment.
    ///
    /// # Errors
    /// When the database does not answer in time.
    pub async fn snapshot(&self) -> sqlx::Result<Snapshot> {
        // Each database fixes the moment at the first look.
        let Self::Sqlite { writer, exporters, outside, .. } = self else {
            let mut first = self.read().await?;
            ping(&mut first).await?;
            return Ok(Snapshot { first, second: None });
        };
        let (mut first, mut second) = (exporters.begin().await?, exporters.begin().await?);
        // While this lasts, nobody can change anything between two looks.
        let mut writer = writer.acquire().await?;
        let still = writer.begin_with("BEGIN IMMEDIATE").await?;
        for reader in [&mut first, &mut second] {
            sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut **reader).await?;
        }
        still.rollback().await?;
        let [first, second] = [first, second].map(|tx| Tx::Sqlite(DbTransaction::new(tx, outside)));
        Ok(Snapshot { first, second: Some(second) })
    }
}
