//! Heads that a time-stamping authority stamped, one a day.

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
}

/// Keeps one; `false` when there is one of that day already, which stays.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(tx: &mut Tx, new: &HeadTimestamp) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO checkpoint_timestamp (day, size, response, stamped_at, received_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (day) DO NOTHING"
    )
    .bind(new.day)
    .bind(new.size)
    .bind(&new.response)
    .bind(new.stamped_at)
    .bind(new.received_at)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// The newest.
///
/// # Errors
/// When the database does not answer.
pub async fn find_newest(tx: &mut Tx) -> sqlx::Result<Option<HeadTimestamp>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT day, size, response, stamped_at, received_at FROM checkpoint_timestamp
         ORDER BY day DESC LIMIT 1"
    )
    .fetch_optional(conn)
    .await)
}

/// Since when a head waits that is larger than this: when the first of them was signed. None where there is none that
/// may be seen.
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
pub async fn list(tx: &mut Tx, sizes: RangeInclusive<i64>) -> sqlx::Result<Vec<HeadTimestamp>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT day, size, response, stamped_at, received_at FROM checkpoint_timestamp
         WHERE size BETWEEN $1 AND $2 ORDER BY day"
    )
    .bind(*sizes.start())
    .bind(*sizes.end())
    .fetch_all(conn)
    .await)
}
