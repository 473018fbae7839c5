//! Who must be removed from copies that were exported earlier.

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, ends_consent, in_force, on, suppresses_all};

/// One consent that ended, or that nobody may be written to for any more.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Withdrawal {
    /// Its place in the ledger: where to go on from next time. None while it waits for one.
    pub cursor: Option<i64>,
    /// Whose, as exports name them.
    pub subscriber_id: Uuid,
    /// Their address; gone after erasure.
    pub email: Option<String>,
    /// For what.
    pub purpose: Purpose,
    /// `withdrawn`, `expired` or `erased`; or, for a consent in force whose address may not be written to any
    /// more, the reason: `bounced`, `complained` or `manual`.
    pub event: String,
    /// When.
    pub at: Timestamp,
}

/// The consents that ended after the place `after`, in the order of the ledger, at most `count`.
pub async fn list(tx: &mut Tx, after: i64, count: i64) -> sqlx::Result<Vec<Withdrawal>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT e.leaf_index AS cursor, e.subject_id AS subscriber_id, u.email, e.purpose,
                e.type AS event, e.recorded_at AS at
         FROM consent_event e LEFT JOIN subscriber u ON u.subscriber_id = e.subject_id
         WHERE e.leaf_index > $1 AND ",
        ends_consent!("e.type"),
        " ORDER BY e.leaf_index LIMIT $2"
    ))
    .bind(after)
    .bind(count)
    .fetch_all(conn)
    .await)
}

/// Which copy somebody must be removed from.
#[derive(Clone, Debug)]
pub struct Since {
    /// The purpose it was made for.
    pub purpose: Purpose,
    /// The ledger's place when it was made.
    pub cursor: i64,
    /// The moment it was made: who agreed only later is not in it.
    pub at: Timestamp,
}

/// The ends of consent after a copy was made, of those who may be in it. Who withdrew in the moment before it
/// is named too where that had no place yet: better once too often.
macro_rules! ended {
    ($columns:literal, $place:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM consent_event e LEFT JOIN subscriber u ON u.subscriber_id = e.subject_id
             WHERE ",
            ends_consent!("e.type"),
            " AND e.purpose = $1 AND ",
            $place,
            " AND EXISTS (SELECT 1 FROM consent_event g
                          WHERE g.subject_id = e.subject_id AND g.purpose = e.purpose
                            AND ",
            in_force!("g.type"),
            " AND g.recorded_at <= $2)"
        )
    };
}

/// Those whose consent is in force and who came to be suppressed from everything at or after the moment of a
/// copy that they may be in.
macro_rules! stopped {
    ($page:literal) => {
        concat!(
            "SELECT CAST(NULL AS bigint) AS cursor, u.subscriber_id, u.email, c.purpose,
                    min(s.reason) AS event, min(s.since) AS at
             FROM suppression s JOIN subscriber u ON u.address_key = s.address_key
             JOIN consent c ON c.subscriber_id = u.subscriber_id AND c.purpose = $1
             WHERE ",
            suppresses_all!("s.reason"),
            " AND s.since >= $2
               AND ",
            in_force!("c.state"),
            "
               AND EXISTS (SELECT 1 FROM consent_event g
                           WHERE g.subject_id = u.subscriber_id AND g.purpose = c.purpose
                             AND ",
            in_force!("g.type"),
            " AND g.recorded_at <= $2) ",
            $page,
            " GROUP BY u.subscriber_id, u.email, c.purpose"
        )
    };
}

/// How many there are, with those who may not be written to any more.
pub async fn count_since(tx: &mut Tx, since: &Since) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(concat!(
        "SELECT (",
        ended!("count(*)", "e.leaf_index > $3"),
        ") + (",
        ended!("count(*)", "e.leaf_index IS NULL"),
        ") + (SELECT count(*) FROM (",
        stopped!(""),
        ") AS stopped)"
    ))
    .bind(&since.purpose)
    .bind(since.at)
    .bind(since.cursor)
    .fetch_one(conn)
    .await)
}

/// Those with a place after `after`, in the order of the ledger, at most `count`.
pub async fn list_since(
    tx: &mut Tx,
    since: &Since,
    after: i64,
    count: i64,
) -> sqlx::Result<Vec<Withdrawal>> {
    on!(tx, |conn| {
        sqlx::query_as(concat!(
        ended!(
            "e.leaf_index AS cursor, e.subject_id AS subscriber_id, u.email, e.purpose, e.type AS event,
             e.recorded_at AS at",
            "e.leaf_index > $3"
        ),
        " ORDER BY e.leaf_index LIMIT $4"
    ))
    .bind(&since.purpose)
    .bind(since.at)
    .bind(after)
    .bind(count)
    .fetch_all(conn)
    .await
    })
}

/// Those that wait for a place: they ended seconds ago.
pub async fn list_since_waiting(tx: &mut Tx, since: &Since) -> sqlx::Result<Vec<Withdrawal>> {
    on!(tx, |conn| {
        sqlx::query_as(concat!(
        ended!(
            "e.leaf_index AS cursor, e.subject_id AS subscriber_id, u.email, e.purpose, e.type AS event,
             e.recorded_at AS at",
            "e.leaf_index IS NULL"
        ),
        " ORDER BY e.seq, e.event_id"
    ))
    .bind(&since.purpose)
    .bind(since.at)
    .fetch_all(conn)
    .await
    })
}

/// Those of a copy whose consent is in force and who may not be written to any more, in the order of their keys
/// after this one, at most `count`. They have no place in the ledger.
pub async fn list_stopped_since(
    tx: &mut Tx,
    since: &Since,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<Withdrawal>> {
    on!(tx, |conn| {
        sqlx::query_as(concat!(
            stopped!("AND u.subscriber_id > $3"),
            " ORDER BY u.subscriber_id LIMIT $4"
        ))
        .bind(&since.purpose)
        .bind(since.at)
        .bind(after)
        .bind(count)
        .fetch_all(conn)
        .await
    })
}
