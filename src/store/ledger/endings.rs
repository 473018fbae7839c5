//! What the database lacks of the endings that are kept outside it.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::timestamp::Timestamp;
use crate::outside::{Began, Scope};
use crate::store::{Sql, Tx, in_force, on};

/// One ending that is known outside; one row of a batch.
#[derive(Clone, Debug, Serialize)]
pub struct Known {
    address_key: String,
    reason: &'static str,
    purpose: String,
    /// Microseconds since the Unix epoch.
    began: i64,
    /// The least key of a subscriber who was made in a later millisecond, hex.
    later: String,
    lifted: bool,
    set_back: bool,
}

impl Known {
    /// The row of an ending.
    #[must_use]
    pub fn new(scope: &Scope, began: Began) -> Self {
        Self {
            address_key: scope.address_key.to_hex(),
            reason: scope.reason.as_str(),
            purpose: scope.purpose.as_ref().map_or_else(|| "*".into(), ToString::to_string),
            began: began.at.micros(),
            later: format!("{:012x}{:020}", began.at.micros().max(0) / 1000 + 1, 0),
            lifted: began.lifted,
            set_back: began.set_back,
        }
    }
}

/// The batch, $1, as rows.
macro_rules! known {
    ($columns:literal, $which:expr) => {
        Sql {
            sqlite: concat!(
                "WITH known AS MATERIALIZED (
                     SELECT unhex(value->>'address_key') AS address_key, value->>'reason' AS reason,
                            value->>'purpose' AS purpose, value->>'began' AS began,
                            unhex(value->>'later') AS later, value->>'lifted' AS lifted,
                            value->>'set_back' AS set_back FROM json_each($1)) SELECT ",
                $columns,
                " FROM known k ",
                $which
            ),
            postgres: concat!(
                "WITH known AS MATERIALIZED (
                     SELECT decode(address_key, 'hex') AS address_key, reason, purpose,
                            TIMESTAMPTZ 'epoch' + began * INTERVAL '1 microsecond' AS began,
                            CAST(later AS uuid) AS later, lifted, set_back
                     FROM json_to_recordset(CAST($1 AS json)) AS row (address_key text, reason text,
                         purpose text, began bigint, later text, lifted boolean, set_back boolean)) SELECT ",
                $columns,
                " FROM known k ",
                $which
            ),
        }
    };
}

/// A consent that seems to have ended, and the database does not know it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unwithdrawn {
    /// Whose it is by their row.
    pub subscriber_id: Uuid,
    /// Whose it was that ended.
    pub address_key: AddressKey,
    /// Of what.
    pub purpose: Purpose,
    /// Whether it ran out.
    pub ran_out: bool,
    /// When it ended.
    pub began: Timestamp,
    /// Whether that was lifted since: they came back, of which this database may know as little.
    pub lifted: bool,
    /// The MAC of the consent, if it has one.
    pub mac: Option<Vec<u8>>,
}

/// The withdrawals among these that the database lacks, and the consents that ran out: whose consent to that purpose is
/// in force, and was confirmed before its end, without that end among their events.
///
/// Every column here may be another hand's: whoever ends something by it asks for the MACs. When an event was recorded
/// is under none, and only keeps something from being ended here. A consent's confirmation is: that of an import may be
/// long before it came; but none comes that was given before an ending, nor after a withdrawal.
pub async fn list_unwithdrawn(tx: &mut Tx, known: &[Known]) -> sqlx::Result<Vec<Unwithdrawn>> {
    const LIST: Sql = known!(
        "u.subscriber_id, k.address_key, c.purpose, k.reason = 'expired' AS ran_out, k.began, k.lifted, c.mac",
        concat!(
            "JOIN subscriber u ON u.address_key = k.address_key
         JOIN consent c ON c.subscriber_id = u.subscriber_id AND c.purpose = k.purpose
         WHERE k.reason IN ('unsubscribed', 'expired') AND ",
            in_force!("c.state"),
            "
           AND c.confirmed_at < k.began
           AND NOT EXISTS (SELECT 1 FROM consent_event w
                           WHERE w.subject_id = u.subscriber_id AND w.purpose = k.purpose
                             AND w.type IN ('withdrawn', 'expired') AND w.recorded_at = k.began)
         ORDER BY u.subscriber_id, c.purpose"
        )
    );
    let known = crate::store::batch(known)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(known).fetch_all(conn).await)
}

/// An erasure that the database seems to lack.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unerased {
    /// Whose.
    pub address_key: AddressKey,
    /// When.
    pub began: Timestamp,
    /// The least key of a subscriber who was made in a later millisecond.
    pub later: Uuid,
    /// Whether they came back by a clock that did not stand behind it, so that what is theirs since seems no newer.
    pub set_back: bool,
}

/// The erasures among these that the database lacks: of whom something is held that is older than the erasure,
/// and nothing newer, without that erasure among its events. How old a subscriber is, their key tells, which is under a
/// MAC as their times are not. As above, whoever erases by it asks for the MACs.
pub async fn list_unerased(tx: &mut Tx, known: &[Known]) -> sqlx::Result<Vec<Unerased>> {
    const LIST: Sql = known!(
        "k.address_key, k.began, k.later, k.set_back",
        "WHERE k.reason = 'erased'
           AND (EXISTS (SELECT 1 FROM subscriber u
                        WHERE u.address_key = k.address_key AND u.subscriber_id < k.later)
                OR EXISTS (SELECT 1 FROM signup s
                           WHERE s.address_key = k.address_key AND s.created_at < k.began))
           AND NOT EXISTS (SELECT 1 FROM subscriber u
                           WHERE u.address_key = k.address_key AND u.subscriber_id >= k.later)
           AND NOT EXISTS (SELECT 1 FROM subscriber u
                           JOIN consent c ON c.subscriber_id = u.subscriber_id
                           WHERE u.address_key = k.address_key AND c.confirmed_at > k.began)
           AND NOT EXISTS (SELECT 1 FROM consent_event e
                           WHERE e.type = 'erased' AND e.recorded_at = k.began)
         ORDER BY k.address_key"
    );
    let known = crate::store::batch(known)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(known).fetch_all(conn).await)
}

/// A suppression that the database lacks.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unsuppressed {
    /// Whose.
    pub address_key: AddressKey,
    /// Why.
    pub reason: SuppressionReason,
    /// Of what; none of everything.
    pub purpose: Option<Purpose>,
    /// Since when.
    pub began: Timestamp,
}

/// The suppressions among these that the database lacks: neither lifted nor outlived by somebody who came back.
pub async fn list_unsuppressed(tx: &mut Tx, known: &[Known]) -> sqlx::Result<Vec<Unsuppressed>> {
    const LIST: Sql = known!(
        "k.address_key, k.reason, NULLIF(k.purpose, '*') AS purpose, k.began",
        concat!(
            "WHERE NOT k.lifted AND k.reason <> 'expired'
           AND NOT EXISTS (SELECT 1 FROM suppression s
                           WHERE s.address_key = k.address_key AND s.reason = k.reason
                             AND s.purpose = k.purpose)
           AND NOT (k.reason = 'erased'
                    AND EXISTS (SELECT 1 FROM subscriber u
                                JOIN consent c ON c.subscriber_id = u.subscriber_id
                                WHERE u.address_key = k.address_key AND c.confirmed_at > k.began))
           AND NOT (k.reason = 'unsubscribed'
                    AND EXISTS (SELECT 1 FROM subscriber u
                                JOIN consent c ON c.subscriber_id = u.subscriber_id
                                WHERE u.address_key = k.address_key AND c.purpose = k.purpose
                                  AND ",
            in_force!("c.state"),
            " AND c.confirmed_at > k.began))
         ORDER BY k.address_key, k.reason, k.purpose"
        )
    );
    let known = crate::store::batch(known)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(known).fetch_all(conn).await)
}
