//! Heads that a time-stamping authority stamped, one a day. Whoever can write the database can write such rows: which of
//! them this program wrote is told by their MAC (`flows::ledger::keep_time_stamp`).

use std::ops::RangeInclusive;

use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// That a head was there by a time (RFC 3161).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeadTimestamp {
    /// The number of the day, in the installation's zone.
    pub day: i64,
    /// How many leaves the head covers.
    pub size: i64,
    /// The DER of the `TimeStampResp`.
    pub response: Vec<u8>,
    /// The time that it states.
    pub stamped_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// The MAC over it.
    pub mac: Vec<u8>,
}

/// One, and the note of the head that it should be of, as it was signed here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StampedHead {
    /// The row.
    #[sqlx(flatten)]
    pub stamp: HeadTimestamp,
    /// The head's note.
    pub note: String,
}

/// How many are looked at for one that this program wrote, the newest first.
const NEWEST: i64 = 64;

macro_rules! stamped {
    ($which:literal) => {
        concat!(
            "SELECT t.day, t.size, t.response, t.stamped_at, t.received_at, t.mac, c.note
             FROM checkpoint_timestamp t JOIN checkpoint c ON c.size = t.size ",
            $which
        )
    };
}

/// Keeps one, in place of what stood there of that day.
///
/// # Errors
/// When the database does not take it.
pub async fn upsert(tx: &mut Tx, new: &HeadTimestamp) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO checkpoint_timestamp (day, size, response, stamped_at, received_at, mac)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (day)
         DO UPDATE SET size = excluded.size, response = excluded.response,
             stamped_at = excluded.stamped_at, received_at = excluded.received_at, mac = excluded.mac"
    )
    .bind(new.day)
    .bind(new.size)
    .bind(&new.response)
    .bind(new.stamped_at)
    .bind(new.received_at)
    .bind(&new.mac)
    .execute(conn)
    .await
    .map(drop)
    })
}

/// The newest, of this day or earlier, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_newest(tx: &mut Tx, up_to: i64) -> sqlx::Result<Vec<StampedHead>> {
    on!(tx, |conn| sqlx::query_as(stamped!("WHERE t.day <= $1 ORDER BY t.day DESC LIMIT $2"))
        .bind(up_to)
        .bind(NEWEST)
        .fetch_all(conn)
        .await)
}

/// When the smallest head was signed that is larger than this and may be seen: since then one waits for its stamp. None
/// where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn waits_since(tx: &mut Tx, size: i64) -> sqlx::Result<Option<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT created_at FROM checkpoint
         WHERE size > $1 AND size <= (SELECT shown FROM ledger_head) ORDER BY size LIMIT 1"
    )
    .bind(size)
    .fetch_optional(conn)
    .await)
}

/// All of heads of these sizes, by day.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx, sizes: RangeInclusive<i64>) -> sqlx::Result<Vec<StampedHead>> {
    on!(tx, |conn| sqlx::query_as(stamped!("WHERE t.size BETWEEN $1 AND $2 ORDER BY t.day"))
        .bind(*sizes.start())
        .bind(*sizes.end())
        .fetch_all(conn)
        .await)
}
