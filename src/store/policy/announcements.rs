//! Mail about a changed policy: whom it is still due to, each once.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::mail::outbox::MailKind;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::policy::versions::PolicyVersion;
use crate::store::{Effect, Sql, Tx, in_force, on, suppresses_all};

/// One mail about a policy version, to everybody who agreed under an older one.
#[derive(Clone, Copy, Debug)]
pub struct Announcement<'a> {
    /// The version it tells of.
    pub policy: &'a PolicyVersion,
    /// `policy_notice`, `renewal` or `renewal_reminder`.
    pub kind: MailKind,
    /// For a reminder: only those who were asked before this moment, and did not answer.
    pub asked_before: Option<Timestamp>,
}

#[derive(Serialize)]
struct Row {
    outbox_id: Uuid,
    subscriber_id: Uuid,
}

/// Up to `count` subscribers after `after` who have a consent in force under an older version, were not
/// mailed this yet, and may be mailed. In the order of their keys, so that a caller can go on from the last.
pub async fn list_due(
    tx: &mut Tx,
    announcement: &Announcement<'_>,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<Uuid>> {
    const LIST: &str = concat!("SELECT u.subscriber_id FROM subscriber u
         WHERE u.subscriber_id > $1
           AND EXISTS (SELECT 1 FROM consent c
                       JOIN policy_version p ON p.policy_version_id = c.policy_version_id
                       WHERE c.subscriber_id = u.subscriber_id AND ", in_force!("c.state"), "
                         AND p.lang = $2 AND p.published_at < $3)
           AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.policy_version_id = $4 AND o.kind = $5
                             AND o.subscriber_id = u.subscriber_id)
           AND ($6 IS NULL
                OR (EXISTS (SELECT 1 FROM outbox o WHERE o.policy_version_id = $4 AND o.kind = 'renewal'
                             AND o.subscriber_id = u.subscriber_id AND o.created_at < $6)
                AND NOT EXISTS (SELECT 1 FROM consent c
                                JOIN policy_version p ON p.policy_version_id = c.policy_version_id
                                WHERE c.subscriber_id = u.subscriber_id
                                  AND ", in_force!("c.state"), "
                                  AND p.lang = $2 AND p.published_at >= $3)))
           AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key
                             AND ", suppresses_all!("s.reason"), ")
         ORDER BY u.subscriber_id LIMIT $7");
    let policy = announcement.policy;
    on!(tx, |conn| sqlx::query_scalar(LIST)
        .bind(after)
        .bind(&policy.lang)
        .bind(policy.published_at)
        .bind(policy.policy_version_id)
        .bind(announcement.kind)
        .bind(announcement.asked_before)
        .bind(count)
        .fetch_all(conn)
        .await)
}

/// How many people a version would be told to, or ask again, if it were published now: whoever has a consent
/// in force and may be mailed.
pub async fn count_addressed(tx: &mut Tx) -> sqlx::Result<i64> {
    const COUNT: &str = concat!(
        "SELECT count(*) FROM subscriber u
         WHERE EXISTS (SELECT 1 FROM consent c
                       WHERE c.subscriber_id = u.subscriber_id AND ",
        in_force!("c.state"),
        ")
           AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key
                             AND ",
        suppresses_all!("s.reason"),
        ")"
    );
    on!(tx, |conn| sqlx::query_scalar(COUNT).fetch_one(conn).await)
}

/// Writes the mail for these subscribers; returns how many were written. Whoever left, renewed or was erased
/// since they were listed gets none, and neither does whom another worker mailed meanwhile. On PostgreSQL
/// each subscriber is locked, so that an erasure comes wholly before or wholly after; one who is locked just
/// now is left for the next time.
///
/// # Errors
/// When the database does not take them; then none is written.
pub async fn insert_all(
    tx: &mut Tx,
    at: &Moment,
    announcement: &Announcement<'_>,
    subscriber_ids: &[Uuid],
) -> sqlx::Result<u64> {
    const INSERT: Sql = Sql {
        sqlite: concat!("INSERT INTO outbox (outbox_id, kind, subscriber_id, policy_version_id, state, next_at,
                     created_at)
                 SELECT asked.outbox_id, $2, u.subscriber_id, $3, 'queued', $4, $4
                 FROM (SELECT unhex(value->>'outbox_id', '-') AS outbox_id,
                              unhex(value->>'subscriber_id', '-') AS subscriber_id
                       FROM json_each($1)) AS asked
                 JOIN subscriber u ON u.subscriber_id = asked.subscriber_id
                 WHERE EXISTS (SELECT 1 FROM consent c
                               JOIN policy_version p ON p.policy_version_id = c.policy_version_id
                               WHERE c.subscriber_id = u.subscriber_id AND ", in_force!("c.state"), "
                                 AND p.lang = $5 AND p.published_at < $6)
                 ON CONFLICT DO NOTHING"),
        postgres: concat!("INSERT INTO outbox (outbox_id, kind, subscriber_id, policy_version_id, state, next_at,
                       created_at)
                   SELECT asked.outbox_id, $2, u.subscriber_id, $3, 'queued', $4, $4
                   FROM json_to_recordset(CAST($1 AS json)) AS asked (outbox_id uuid, subscriber_id uuid)
                   JOIN subscriber u ON u.subscriber_id = asked.subscriber_id
                   WHERE EXISTS (SELECT 1 FROM consent c
                                 JOIN policy_version p ON p.policy_version_id = c.policy_version_id
                                 WHERE c.subscriber_id = u.subscriber_id AND ", in_force!("c.state"), "
                                   AND p.lang = $5 AND p.published_at < $6)
                   FOR UPDATE OF u SKIP LOCKED
                   ON CONFLICT DO NOTHING"),
    };
    tx.after(Effect::RingMail);
    let rows: Vec<Row> = subscriber_ids
        .iter()
        .map(|subscriber_id| Row { outbox_id: at.new_id(), subscriber_id: *subscriber_id })
        .collect();
    let rows = crate::store::batch(&rows)?;
    let policy = announcement.policy;
    on!(tx, INSERT, |conn, sql| sqlx::query(sql)
        .bind(rows)
        .bind(announcement.kind)
        .bind(policy.policy_version_id)
        .bind(at.now)
        .bind(&policy.lang)
        .bind(policy.published_at)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))
}
