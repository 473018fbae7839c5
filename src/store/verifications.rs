//! Events with all that must agree with them, for the check of the whole ledger.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::{Sql, Tx, on};
use crate::domain::consent::EventType;
use crate::domain::purpose::Purpose;
use crate::domain::timestamp::Timestamp;

/// One event, and the consent of its subscriber and purpose as it stands now.
#[derive(Clone, Debug, Deserialize)]
pub struct EventRow {
    /// Its place in the tree; none while it waits for one.
    pub leaf_index: Option<i64>,
    /// Its key.
    pub event_id: Uuid,
    /// Whose order it stands in.
    pub subject_id: Uuid,
    /// The form it came from.
    pub signup_id: Option<Uuid>,
    /// The subscriber, once there is one.
    pub subscriber_id: Option<Uuid>,
    /// When it was recorded.
    #[serde(deserialize_with = "micros")]
    pub recorded_at: Option<Timestamp>,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// RFC 8785 text; gone after erasure.
    pub body: Option<String>,
    /// The salt; gone after erasure.
    #[serde(deserialize_with = "hex")]
    pub salt: Option<Vec<u8>>,
    /// The leaf, which stays.
    pub leaf: String,
    /// The words shown.
    pub notice_id: Option<Uuid>,
    /// The policy shown.
    pub policy_version_id: Option<Uuid>,
    /// What the present consent of the subscriber to the purpose rests on.
    pub ground: Ground,
    /// The state of that consent.
    pub standing_state: Option<EventType>,
    /// Whether it rests on the words of this event.
    pub same_words: Option<i64>,
    /// Whether it rests on the policy of this event.
    pub same_policy: Option<i64>,
    /// When it was asked for.
    #[serde(deserialize_with = "micros")]
    pub standing_requested_at: Option<Timestamp>,
    /// When it was confirmed.
    #[serde(deserialize_with = "micros")]
    pub standing_confirmed_at: Option<Timestamp>,
    /// The page it was given on.
    pub standing_source: Option<String>,
    /// The report of the signup that consented.
    pub standing_report: Option<String>,
    /// By how much the event it rests on is later than this one, if it is another.
    pub ahead: Option<i64>,
    /// The subscriber's address.
    pub email: Option<String>,
    /// The key they are recognised by.
    #[serde(deserialize_with = "hex")]
    pub address_key: Option<Vec<u8>>,
}

/// What the present consent rests on, seen from one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// There is no consent.
    None,
    /// On this event.
    This,
    /// On another one of the same subject and purpose.
    Another,
}

/// The events and what stands beside them. Rows come as one JSON text: one by one, each of their values would
/// cross from the database's thread by itself, and that takes longer than reading them.
macro_rules! rows {
    ($which:literal) => {
        Sql {
            sqlite: concat!(
                "SELECT json_group_array(json_array(
                     e.leaf_index, hex(e.event_id), hex(e.subject_id), nullif(hex(e.signup_id), ''),
                     nullif(hex(e.subscriber_id), ''), e.recorded_at, e.type, e.purpose, e.body,
                     nullif(hex(e.salt), ''), e.leaf, nullif(hex(e.notice_id), ''),
                     nullif(hex(e.policy_version_id), ''), 
                     CASE WHEN c.event_id = e.event_id THEN 'this' WHEN c.event_id IS NULL THEN 'none'
                          ELSE 'another' END, c.state,
                     CASE WHEN c.notice_id = e.notice_id THEN 1 ELSE 0 END,
                     CASE WHEN c.policy_version_id = e.policy_version_id THEN 1 ELSE 0 END,
                     c.requested_at, c.confirmed_at, c.source, r.slug,
                     COALESCE(l.leaf_index - e.leaf_index, l.seq - e.seq), u.email,
                     nullif(hex(u.address_key), '')))",
                rows!(joined),
                $which
            ),
            postgres: concat!(
                "SELECT CAST(json_agg(json_build_array(
                     e.leaf_index, e.event_id, e.subject_id, e.signup_id, e.subscriber_id,
                     CAST(extract(epoch FROM e.recorded_at) * 1000000 AS bigint), e.type, e.purpose, e.body,
                     encode(e.salt, 'hex'), e.leaf, e.notice_id, e.policy_version_id,
                     CASE WHEN c.event_id = e.event_id THEN 'this' WHEN c.event_id IS NULL THEN 'none'
                          ELSE 'another' END, c.state,
                     CASE WHEN c.notice_id = e.notice_id THEN 1 ELSE 0 END,
                     CASE WHEN c.policy_version_id = e.policy_version_id THEN 1 ELSE 0 END,
                     CAST(extract(epoch FROM c.requested_at) * 1000000 AS bigint),
                     CAST(extract(epoch FROM c.confirmed_at) * 1000000 AS bigint), c.source, r.slug,
                     COALESCE(l.leaf_index - e.leaf_index, l.seq - e.seq), u.email,
                     encode(u.address_key, 'hex'))) AS text)",
                rows!(joined),
                $which
            ),
        }
    };
    (joined) => {
        " FROM consent_event e
          LEFT JOIN consent c ON e.type <> 'requested' AND c.subscriber_id = e.subject_id
                             AND c.purpose = e.purpose
          LEFT JOIN consent_event l ON l.event_id = c.event_id AND c.event_id <> e.event_id
          LEFT JOIN subscriber u ON u.subscriber_id = c.subscriber_id
          LEFT JOIN report r ON r.report_id = c.report_id
          WHERE "
    };
}

/// The events with places from `from` up to before `to`, in order, to be read.
///
/// # Errors
/// When the database does not answer.
pub async fn list_sealed(tx: &mut Tx, from: i64, to: i64) -> sqlx::Result<EventRows> {
    const LIST: Sql = rows!("e.leaf_index >= $1 AND e.leaf_index < $2");
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(from).bind(to).fetch_one(conn).await)
        .map(EventRows)
}

/// The first `count` events that wait for their place, to be read.
///
/// # Errors
/// When the database does not answer.
pub async fn list_waiting(tx: &mut Tx, count: i64) -> sqlx::Result<EventRows> {
    const LIST: Sql = rows!(
        "e.event_id IN (SELECT event_id FROM consent_event WHERE leaf_index IS NULL
                        ORDER BY seq, event_id LIMIT $1)"
    );
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(count).fetch_one(conn).await)
        .map(EventRows)
}

/// Events as the database wrote them.
#[derive(Debug)]
pub struct EventRows(Option<String>);

impl EventRows {
    /// Reads them, in the order of their places; apart from the query, so that it can happen on another
    /// thread.
    ///
    /// # Errors
    /// When a row is not one that this program wrote.
    pub fn read(&self) -> sqlx::Result<Vec<EventRow>> {
        let rows = self.0.as_deref().unwrap_or("[]");
        let rows: serde_json::Result<Vec<EventRow>> = serde_json::from_str(rows);
        let mut rows = rows.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        // The database would write them to disk to sort them, though they come sorted as a rule.
        rows.sort_by_key(|row| row.leaf_index);
        Ok(rows)
    }
}

/// Bytes in hex, of either case.
fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let Some(text) = <Option<Cow<'de, str>>>::deserialize(deserializer)? else { return Ok(None) };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.map(Some).ok_or_else(|| D::Error::custom("not hex"))
}

fn micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(<Option<i64>>::deserialize(deserializer)?.map(Timestamp::from_micros))
}

/// How many consents stand.
///
/// # Errors
/// When the database does not answer.
pub async fn count_consents(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM consent").fetch_one(conn).await)
}

/// How many events have a place.
///
/// # Errors
/// When the database does not answer.
pub async fn count_sealed(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT count(*) FROM consent_event WHERE leaf_index IS NOT NULL"
    )
    .fetch_one(conn)
    .await)
}

/// The tiles of one level from `from` up to before `to`, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn list_tiles(
    tx: &mut Tx,
    level: i64,
    from: i64,
    to: i64,
) -> sqlx::Result<Vec<(i64, Vec<u8>)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT tile, hashes FROM ledger_tile WHERE level = $1 AND tile >= $2 AND tile < $3
         ORDER BY tile"
    )
    .bind(level)
    .bind(from)
    .bind(to)
    .fetch_all(conn)
    .await)
}

/// A consent that no event of the ledger carries: its subscriber and purpose.
///
/// # Errors
/// When the database does not answer.
pub async fn list_groundless(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, Purpose)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT c.subscriber_id, c.purpose FROM consent c
         JOIN consent_event e ON e.event_id = c.event_id
         WHERE e.subject_id <> c.subscriber_id OR e.purpose <> c.purpose
         ORDER BY c.subscriber_id LIMIT 20"
    )
    .fetch_all(conn)
    .await)
}
