//! In which epoch the ledger is, where that goes on, and how far its heads are kept outside.

use assent_ledger::epoch::Epoch;

use crate::domain::timestamp::Timestamp;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::{Tx, on};

/// Where the ledger has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LedgerPlace {
    /// How many leaves have their place.
    pub size: i64,
    /// The present epoch.
    pub epoch: Epoch,
    /// How many leaves had their place when it began: only larger heads are its own.
    pub from_size: i64,
    /// The newest head that is kept outside too; none before the first.
    pub kept: Option<i64>,
}

/// Where the ledger has come to.
pub async fn find_place(tx: &mut Tx) -> sqlx::Result<LedgerPlace> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT h.size, h.epoch, COALESCE(e.from_size, 0) AS from_size, h.shown AS kept
         FROM ledger_head h LEFT JOIN ledger_epoch e ON e.epoch = h.epoch"
    )
    .fetch_one(conn)
    .await)
}

/// The last few heads, newest first, of whichever epochs.
pub async fn list_newest(tx: &mut Tx) -> sqlx::Result<Vec<StoredCheckpoint>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT c.size, c.root, c.note, c.created_at, c.previous, c.mac FROM checkpoint c
             ORDER BY c.size DESC LIMIT 8",
        )
        .fetch_all(conn)
        .await
    })
}

/// Writes down that the head of this size is kept outside, and so everything before it.
pub async fn mark_kept(tx: &mut Tx, size: i64) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE ledger_head SET shown = $1 WHERE shown IS NULL OR shown < $1"
    )
    .bind(size)
    .execute(conn)
    .await
    .map(drop))
}

/// Begins an epoch at the present size; `known_note` is the newest head that was known outside.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    epoch: Epoch,
    known_note: Option<&str>,
) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO ledger_epoch (epoch, from_size, known_note, resumed_at)
             SELECT $1, size, $2, $3 FROM ledger_head",
        )
        .bind(epoch)
        .bind(known_note)
        .bind(now)
        .execute(&mut *conn)
        .await?;
        sqlx::query("UPDATE ledger_head SET epoch = $1").bind(epoch).execute(conn).await.map(drop)
    })
}

/// An epoch that was begun after a loss.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Resumed {
    /// Which.
    pub epoch: Epoch,
    /// How many leaves had their place.
    pub from_size: i64,
    /// The newest head that was known outside.
    pub known_note: Option<String>,
    /// When.
    pub resumed_at: Timestamp,
}

/// The epochs that were begun after a loss, in order.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Resumed>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT epoch, from_size, known_note, resumed_at FROM ledger_epoch ORDER BY epoch"
    )
    .fetch_all(conn)
    .await)
}
