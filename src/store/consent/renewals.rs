//! Consents that a newer policy asks for again, and those that were not renewed in time.

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store::policy::versions::PolicyVersion;
use crate::store::{Tx, in_force, on};

/// A consent in force that a policy published later asks for again.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Asked {
    /// What it is for.
    pub purpose: Purpose,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// Until when it counts: the earliest date, if several versions ask.
    pub until: Timestamp,
}

/// Until when any of these can still be renewed; `None` when none can.
#[must_use]
pub fn open_until(asked: &[Asked], now: Timestamp) -> Option<Timestamp> {
    asked.iter().map(|asked| asked.until).filter(|until| now < *until).min()
}

/// What one subscriber agreed to and is asked for again by this policy or by one between it and theirs,
/// whether or not the date is over. Exports go by the same dates.
pub async fn list_asked(
    tx: &mut Tx,
    subscriber_id: Uuid,
    policy: &PolicyVersion,
) -> sqlx::Result<Vec<Asked>> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT c.purpose, c.report_id, min(asks.renew_until) AS until
         FROM consent c
         JOIN policy_version p ON p.policy_version_id = c.policy_version_id
         JOIN policy_version asks ON asks.lang = p.lang AND asks.published_at > p.published_at
         WHERE c.subscriber_id = $1 AND ",
        in_force!("c.state"),
        "
           AND asks.change_class = 'reconsent' AND asks.renew_until IS NOT NULL
           AND asks.lang = $2 AND asks.published_at <= $3
         GROUP BY c.purpose, c.report_id
         ORDER BY c.purpose"
    ))
    .bind(subscriber_id)
    .bind(&policy.lang)
    .bind(policy.published_at)
    .fetch_all(conn)
    .await)
}

/// What came of a mail about a policy version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Answers {
    /// How many people it was sent to.
    pub mailed: i64,
    /// How many of them agreed to anything under that version or a later one.
    pub kept: i64,
    /// How many others withdrew anything since.
    pub went: i64,
}

impl Answers {
    /// How many did neither.
    #[must_use]
    pub fn silent(&self) -> i64 {
        self.mailed - self.kept - self.went
    }
}

/// Counts whom a version was told, or whom it asked again and what they did then. Who was erased is counted
/// nowhere, and what somebody did about later versions changes nothing.
pub async fn count_answers(tx: &mut Tx, policy_version_id: Uuid) -> sqlx::Result<Answers> {
    on!(tx, |conn| sqlx::query_as(concat!(
        "SELECT count(*) AS mailed, count(*) FILTER (WHERE a.kept) AS kept,
                count(*) FILTER (WHERE NOT a.kept AND a.withdrew) AS went
         FROM (SELECT v.change_class = 'reconsent' AND EXISTS (
                          SELECT 1 FROM consent_event e
                          JOIN policy_version p ON p.policy_version_id = e.policy_version_id
                          WHERE e.subject_id = o.subscriber_id AND ",
        in_force!("e.type"),
        "
                            AND p.lang = v.lang AND p.published_at >= v.published_at) AS kept,
                      v.change_class = 'reconsent' AND EXISTS (
                          SELECT 1 FROM consent_event e
                          WHERE e.subject_id = o.subscriber_id AND e.type = 'withdrawn'
                            AND e.recorded_at >= o.created_at) AS withdrew
               FROM policy_version v JOIN outbox o ON o.policy_version_id = v.policy_version_id
               WHERE v.policy_version_id = $1 AND o.kind IN ('policy_notice', 'renewal')
                 AND o.state = 'sent') a"
    ))
    .bind(policy_version_id)
    .fetch_one(conn)
    .await)
}

/// Up to `count` subscribers after `after` who have a consent in force under an older version than this one.
/// In the order of their keys, so that a caller can go on from the last.
pub async fn list_holders_of_older(
    tx: &mut Tx,
    policy: &PolicyVersion,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(concat!(
        "SELECT DISTINCT c.subscriber_id FROM consent c
         JOIN policy_version p ON p.policy_version_id = c.policy_version_id
         WHERE c.subscriber_id > $1 AND ",
        in_force!("c.state"),
        "
           AND p.lang = $2 AND p.published_at < $3
         ORDER BY c.subscriber_id LIMIT $4"
    ))
    .bind(after)
    .bind(&policy.lang)
    .bind(policy.published_at)
    .bind(count)
    .fetch_all(conn)
    .await)
}
