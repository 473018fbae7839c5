//! Suppressions as a list, newest first. Addresses are known of subscribers alone.

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// Up to how many of one reason are counted.
pub const COUNTED: i64 = 10_000;

/// Where in the list: the suppression at the edge of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionPosition {
    /// Since when.
    pub since: Timestamp,
    /// Whose.
    pub address_key: AddressKey,
    /// Why.
    pub reason: SuppressionReason,
    /// For what; `*` is everything.
    pub purpose: String,
}

/// One suppression.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    /// Whose.
    pub address_key: AddressKey,
    /// Why.
    pub reason: SuppressionReason,
    /// For what; `*` is everything.
    pub purpose: String,
    /// Since when.
    pub since: Timestamp,
    /// Where it was brought along from, if it was.
    pub source: Option<String>,
    /// The subscriber, where there is one.
    pub subscriber_id: Option<Uuid>,
    /// Their address.
    pub email: Option<String>,
}

impl Listed {
    /// Its place.
    #[must_use]
    pub fn place(&self) -> SuppressionPosition {
        let Self { since, address_key, reason, purpose, .. } = self.clone();
        SuppressionPosition { since, address_key, reason, purpose }
    }
}

/// The next so many from a place, nearest first: older ones, or newer ones when `backwards`.
pub async fn list(
    tx: &mut Tx,
    reason: Option<SuppressionReason>,
    (from, backwards): (Option<&SuppressionPosition>, bool),
    count: i64,
) -> sqlx::Result<Vec<Listed>> {
    let (beyond, order) = if backwards { (" > (", "ASC") } else { (" < (", "DESC") };
    on!(tx, |conn| {
        let mut query = QueryBuilder::new(
            "SELECT s.address_key, s.reason, s.purpose, s.since, s.source, u.subscriber_id, u.email
             FROM suppression s LEFT JOIN subscriber u ON u.address_key = s.address_key WHERE true",
        );
        if let Some(reason) = reason {
            query.push(" AND s.reason = ").push_bind(reason);
        }
        if let Some(place) = from {
            query.push(" AND (s.since, s.address_key, s.reason, s.purpose)").push(beyond);
            query.push_bind(place.since).push(", ").push_bind(place.address_key.clone());
            query.push(", ").push_bind(place.reason).push(", ");
            query.push_bind(place.purpose.clone()).push(")");
        }
        query.push(" ORDER BY s.since ").push(order).push(", s.address_key ").push(order);
        query.push(", s.reason ").push(order).push(", s.purpose ").push(order);
        query.push(" LIMIT ").push_bind(count);
        query.build_query_as().fetch_all(conn).await
    })
}

/// How many there are of one reason, at most one more than [`COUNTED`].
pub async fn count(tx: &mut Tx, reason: SuppressionReason) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM suppression WHERE reason = $1 LIMIT $2) AS counted"
    )
    .bind(reason)
    .bind(COUNTED + 1)
    .fetch_one(conn)
    .await)
}

/// All that suppresses one address, newest first.
pub async fn list_of(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<Vec<Listed>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT s.address_key, s.reason, s.purpose, s.since, s.source, u.subscriber_id, u.email
         FROM suppression s LEFT JOIN subscriber u ON u.address_key = s.address_key
         WHERE s.address_key = $1 ORDER BY s.since DESC, s.reason, s.purpose"
    )
    .bind(address_key)
    .fetch_all(conn)
    .await)
}
