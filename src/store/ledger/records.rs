//! What the ledger records of itself.

use assent_ledger::record::RecordType;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// A record about to be appended.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its key.
    pub record_id: Uuid,
    /// What it is.
    pub record_type: RecordType,
    /// RFC 8785 text.
    pub body: String,
    /// The salt of the body's commitment.
    pub salt: [u8; 32],
    /// The leaf that commits to the body.
    pub leaf: String,
    /// Its MAC.
    pub mac: [u8; 16],
    /// When it was made.
    pub recorded_at: Timestamp,
}

/// Appends a record; it waits for its place as events do.
pub async fn append(tx: &mut Tx, record: &NewRecord) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO ledger_record (ledger_record_id, type, body, salt, leaf, mac, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(record.record_id)
        .bind(record.record_type)
        .bind(&record.body)
        .bind(&record.salt[..])
        .bind(&record.leaf)
        .bind(&record.mac[..])
        .bind(record.recorded_at)
        .execute(conn)
        .await
        .map(drop)
    })
}

/// A record as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredRecord {
    /// Its key.
    pub record_id: Uuid,
    /// What it is.
    pub record_type: RecordType,
    /// RFC 8785 text.
    pub body: String,
    /// The salt, 32 bytes.
    pub salt: Vec<u8>,
    /// The leaf.
    pub leaf: String,
    /// Its place in the tree; none while it waits for one.
    pub leaf_index: Option<i64>,
    /// Its MAC.
    pub mac: Vec<u8>,
    /// When it was made.
    pub recorded_at: Timestamp,
}

/// The records with places from `from` up to before `to`, in order.
pub async fn list_sealed(tx: &mut Tx, from: i64, to: i64) -> sqlx::Result<Vec<StoredRecord>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT ledger_record_id AS record_id, type AS record_type, body, salt, leaf, leaf_index, mac, recorded_at
         FROM ledger_record WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index"
    )
    .bind(from)
    .bind(to)
    .fetch_all(conn)
    .await
    })
}

/// The next `count` records that wait for their place, in the order in which they get it, behind the one of this
/// key.
pub async fn list_waiting(tx: &mut Tx, after: Uuid, count: i64) -> sqlx::Result<Vec<StoredRecord>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT ledger_record_id AS record_id, type AS record_type, body, salt, leaf, leaf_index, mac, recorded_at
         FROM ledger_record WHERE leaf_index IS NULL AND ledger_record_id > $1
         ORDER BY ledger_record_id LIMIT $2"
    )
    .bind(after)
    .bind(count)
    .fetch_all(conn)
    .await
    })
}

/// The records behind the first `size` leaves, and those that still wait for their place.
pub async fn list_since(tx: &mut Tx, size: i64) -> sqlx::Result<Vec<StoredRecord>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT ledger_record_id AS record_id, type AS record_type, body, salt, leaf, leaf_index, mac, recorded_at
         FROM ledger_record WHERE leaf_index >= $1 OR leaf_index IS NULL ORDER BY ledger_record_id"
    )
    .bind(size)
    .fetch_all(conn)
    .await
    })
}

/// The newest record of a type, by its place.
pub async fn find_newest(
    tx: &mut Tx,
    record_type: RecordType,
) -> sqlx::Result<Option<StoredRecord>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT ledger_record_id AS record_id, type AS record_type, body, salt, leaf, leaf_index, mac, recorded_at
         FROM ledger_record WHERE type = $1 AND leaf_index IS NOT NULL
         ORDER BY leaf_index DESC LIMIT 1"
    )
    .bind(record_type)
    .fetch_optional(conn)
    .await
    })
}
