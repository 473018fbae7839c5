//! The tree's stored hashes and its signed heads.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// How many leaves have their place; nobody else gives places until the transaction ends.
pub async fn lock_size(tx: &mut Tx) -> sqlx::Result<i64> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite: "SELECT size FROM ledger_head",
        postgres: "SELECT size FROM ledger_head FOR UPDATE",
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_scalar(sql).fetch_one(conn).await)
}

/// How many leaves have their place.
pub async fn find_size(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT size FROM ledger_head").fetch_one(conn).await)
}

/// An event that waits for its place.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unsealed {
    /// Its key.
    pub event_id: Uuid,
    /// Whose order it stands in.
    pub subject_id: Uuid,
    /// Its place in that order.
    pub seq: i64,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// Its leaf.
    pub leaf: String,
    /// Its MAC; none of a row that this program did not write.
    pub mac: Option<Vec<u8>>,
}

/// The next `count` events that wait for their place, behind this one, or the first of them: also those with a number
/// that this program never gives, which are sealed too, for a check to name. By `seq` first, so that the events of
/// one person stand in the tree in their order, whatever their times say.
pub async fn list_unsealed(
    tx: &mut Tx,
    after: Option<&Unsealed>,
    count: i64,
) -> sqlx::Result<Vec<Unsealed>> {
    let (seq, event_id) =
        after.map_or((i64::MIN, Uuid::nil()), |event| (event.seq, event.event_id));
    on!(tx, |conn| sqlx::query_as(
        "SELECT event_id, subject_id, seq, type AS event_type, purpose, leaf, mac
         FROM consent_event WHERE leaf_index IS NULL AND (seq, event_id) > ($1, $2)
         ORDER BY seq, event_id LIMIT $3"
    )
    .bind(seq)
    .bind(event_id)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// Since when the oldest event, record or action waits for its place; none while nothing does.
pub async fn waits_since(tx: &mut Tx) -> sqlx::Result<Option<Timestamp>> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "SELECT min(since) FROM (
             SELECT min(recorded_at) AS since FROM consent_event WHERE leaf_index IS NULL
             UNION ALL SELECT min(recorded_at) FROM ledger_record WHERE leaf_index IS NULL
             UNION ALL SELECT min(a.at) FROM claim c
                 JOIN audit_entry a ON a.audit_entry_id = c.claim_id WHERE c.number IS NULL) AS waiting"
    )
    .fetch_one(conn)
    .await
    })
}

/// How many events wait for their place, counted no further than `most`.
pub async fn count_unsealed(tx: &mut Tx, most: i64) -> sqlx::Result<i64> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM consent_event WHERE leaf_index IS NULL LIMIT $1) AS waiting"
    )
    .bind(most)
    .fetch_one(conn)
    .await
    })
}

/// What gets a place in the tree.
struct Place {
    id: Uuid,
    leaf_index: i64,
}

bound_columns!(Place, |place| {
    id: "uuid" = place.id,
    leaf_index: "bigint" = place.leaf_index,
});

/// Gives these events consecutive places from `first` on, and behind them these records; returns how many took
/// theirs.
pub async fn mark_sealed(
    tx: &mut Tx,
    first: i64,
    events: &[Uuid],
    records: &[Uuid],
) -> sqlx::Result<u64> {
    const EVENTS: Sql = Sql::same(
        "UPDATE consent_event SET leaf_index = place.leaf_index FROM place
         WHERE consent_event.event_id = place.id AND consent_event.leaf_index IS NULL",
    );
    const RECORDS: Sql = Sql::same(
        "UPDATE ledger_record SET leaf_index = place.leaf_index FROM place
         WHERE ledger_record_id = place.id AND ledger_record.leaf_index IS NULL",
    );
    let behind = first + i64::try_from(events.len()).unwrap_or(i64::MAX);
    let mut sealed = 0;
    for (statement, first, ids) in [(EVENTS, first, events), (RECORDS, behind, records)] {
        let places: Vec<Place> =
            (first..).zip(ids).map(|(leaf_index, id)| Place { id: *id, leaf_index }).collect();
        sealed += rows::execute(tx, statement, &[], Table("place", &places)).await?;
    }
    Ok(sealed)
}

/// The hashes of one tile, side by side; none when nothing of it is written yet.
pub async fn find_tile(tx: &mut Tx, level: i64, tile: i64) -> sqlx::Result<Option<Vec<u8>>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT hashes FROM ledger_tile WHERE level = $1 AND tile = $2"
    )
    .bind(level)
    .bind(tile)
    .fetch_optional(conn)
    .await)
}

/// Writes a tile, in place of what was written of it before.
pub async fn upsert_tile(tx: &mut Tx, level: i64, tile: i64, hashes: &[u8]) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO ledger_tile (level, tile, hashes) VALUES ($1, $2, $3)
         ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes"
    )
    .bind(level)
    .bind(tile)
    .bind(hashes)
    .execute(conn)
    .await
    .map(drop))
}

/// A signed tree head.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredCheckpoint {
    /// How many leaves it covers.
    pub size: i64,
    /// The root over them, 32 bytes.
    pub root: Vec<u8>,
    /// The C2SP signed note.
    pub note: String,
    /// When it was signed.
    pub created_at: Timestamp,
    /// The size of the head before it; none of one that an earlier version signed.
    pub previous: Option<i64>,
    /// The MAC over both.
    pub mac: Option<Vec<u8>>,
}

/// Keeps a signed tree head for good, and moves the head there.
pub async fn insert(tx: &mut Tx, new: &StoredCheckpoint) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO checkpoint (size, root, note, created_at, previous, mac)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(new.size)
        .bind(&new.root)
        .bind(&new.note)
        .bind(new.created_at)
        .bind(new.previous)
        .bind(&new.mac)
        .execute(&mut *conn)
        .await?;
        sqlx::query("UPDATE ledger_head SET size = $1").bind(new.size).execute(conn).await.map(drop)
    })
}

macro_rules! heads {
    ($which:literal) => {
        concat!("SELECT size, root, note, created_at, previous, mac FROM checkpoint ", $which)
    };
}

/// The newest signed tree head that is kept outside too: only that may be seen. Its note is as it was signed here, without
/// the lines of witnesses. None before the first.
///
/// # Errors
/// When the database does not answer.
pub async fn find_kept(tx: &mut Tx) -> sqlx::Result<Option<StoredCheckpoint>> {
    on!(tx, |conn| sqlx::query_as(heads!(
        "WHERE size <= (SELECT shown FROM ledger_head) ORDER BY size DESC LIMIT 1"
    ))
    .fetch_optional(conn)
    .await)
}

/// The newest of those that may be seen and were signed by this moment.
pub async fn find_kept_at(tx: &mut Tx, at: Timestamp) -> sqlx::Result<Option<StoredCheckpoint>> {
    on!(tx, |conn| sqlx::query_as(heads!(
        "WHERE size <= (SELECT shown FROM ledger_head) AND created_at <= $1
         ORDER BY size DESC LIMIT 1"
    ))
    .bind(at)
    .fetch_optional(conn)
    .await)
}

/// The newest signed tree head; none while nothing is sealed.
pub async fn find_newest(tx: &mut Tx) -> sqlx::Result<Option<StoredCheckpoint>> {
    on!(tx, |conn| {
        sqlx::query_as(heads!("ORDER BY size DESC LIMIT 1")).fetch_optional(conn).await
    })
}

/// The signed tree heads larger than `after` leaves, smallest first, at most `count`.
pub async fn list(tx: &mut Tx, after: i64, count: i64) -> sqlx::Result<Vec<StoredCheckpoint>> {
    on!(tx, |conn| sqlx::query_as(heads!("WHERE size > $1 ORDER BY size LIMIT $2"))
        .bind(after)
        .bind(count)
        .fetch_all(conn)
        .await)
}
