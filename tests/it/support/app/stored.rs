//! What is stored, and what whoever holds the database could do to it.

use std::sync::Arc;

use assent::domain::consent::evidence_key::EvidenceKey;
use assent::domain::contacts::address_key::AddressSecret;
use assent::files::Files;
use assent::outside::Outside;
use assent::store::{CONNECTIONS, Db, Tx};
use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::{KeyName, SigningKey};

use super::TestApp;
use crate::support::poll;

/// A database to look at, beside the program: what it ends is kept nowhere that a story looks.
pub async fn open_db(url: &str) -> Db {
    let dir = std::env::temp_dir();
    let files = Files::open(&format!("file:{}", dir.display())).expect("files");
    let key = SigningKey::new(KeyName::parse("elsewhere").expect("a name"), [0; 32]);
    let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
    let evidence_key = EvidenceKey::from_secret(&AddressSecret::new([0; 32]));
    let outside = Outside::open(&dir, &files, keys, evidence_key).expect("a place");
    Db::open(url, &outside, CONNECTIONS).await.expect("a database")
}

impl TestApp {
    pub async fn read(&self) -> Tx {
        self.core.db.read().await.expect("a transaction")
    }

    pub async fn write(&self) -> Tx {
        self.core.db.write().await.expect("a transaction")
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        count(&self.core.db, sql).await
    }

    /// Runs a statement that the program itself would never run; says whether the database took it.
    pub async fn tamper(&self, sql: &'static str) -> sqlx::Result<u64> {
        tamper(&self.core.db, sql).await
    }

    /// Waits until a transaction of this database waits for another's lock. Only PostgreSQL tells.
    pub async fn waits_for_lock(&self) {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
        poll::until("a transaction that waits", || async {
            (self.count(WAITING).await > 0).then_some(())
        })
        .await;
    }
}

/// One number out of a database.
pub async fn count(db: &Db, sql: &'static str) -> i64 {
    match db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await,
        Db::Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await,
    }
    .expect("a number")
}

/// Runs a statement that the program itself would never run; says whether the database took it.
pub async fn tamper(db: &Db, sql: &'static str) -> sqlx::Result<u64> {
    Ok(match db {
        Db::Sqlite { writer, .. } => sqlx::query(sql).execute(writer).await?.rows_affected(),
        Db::Postgres { pool, .. } => sqlx::query(sql).execute(pool).await?.rows_affected(),
    })
}
