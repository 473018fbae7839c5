//! Mail that somebody asked for by typing an address, and that the limit of that mailbox keeps apart.

use std::collections::HashSet;

use serde::Serialize;
use uuid::Uuid;

use super::{Sql, Tx, forbids_kind, on};
use crate::domain::address_key::AddressKey;
use crate::domain::mail_limit::MailLimit;
use crate::domain::outbox::MailKind;
use crate::domain::timestamp::Timestamp;

/// A mail that is sent when its mailbox's limit allows; one row of a batch.
#[derive(Clone, Debug, Serialize)]
pub struct LimitedMail {
    /// Its key, which also names the message.
    pub outbox_id: Uuid,
    /// The signup it is about, if it is about one.
    pub signup_id: Option<Uuid>,
    /// The subscriber it is about, if it is about one.
    pub subscriber_id: Option<Uuid>,
    /// Who it goes to.
    pub address_key: AddressKey,
    /// Which mailbox it counts for.
    pub limiter_key: AddressKey,
    /// The signup whose mail of this kind it stands in for, should that wait still: an earlier one of the same
    /// browser, or the same.
    pub replaces: Option<Uuid>,
}

#[derive(Serialize)]
struct WindowRow {
    count: u32,
    /// Microseconds since the Unix epoch.
    since: i64,
}

/// Decides these mails, but those that the limit of their mailbox or a suppression forbids; returns how many
/// it decided. Each is due a minute behind the newest of its mailbox, and what waits counts as what was sent.
/// One that stands in for a mail that waits takes that mail's place and its time.
/// On PostgreSQL writers of one mailbox take turns first, else each would count without the other.
///
/// # Errors
/// When the database does not take them; then none is decided.
pub async fn insert_all(
    tx: &mut Tx,
    now: Timestamp,
    kind: MailKind,
    limit: &MailLimit,
    rows: &[LimitedMail],
) -> sqlx::Result<usize> {
    take_turns(tx, rows).await?;
    let placed = take_places(tx, kind, rows).await?;
    let takes_none = |row: &&LimitedMail| row.signup_id.is_none_or(|id| !placed.contains(&id));
    let left: Vec<&LimitedMail> = rows.iter().filter(takes_none).collect();
    let added = if left.is_empty() { 0 } else { add(tx, now, kind, limit, &left).await? };
    Ok(placed.len() + added)
}

async fn take_turns(tx: &mut Tx, rows: &[LimitedMail]) -> sqlx::Result<()> {
    const TAKE_TURNS: &str = "SELECT count(pg_advisory_xact_lock(turn)) FROM (
             SELECT DISTINCT hashtextextended(limiter_key, 0) AS turn
             FROM json_to_recordset(CAST($1 AS json)) AS asked (limiter_key text) ORDER BY 1) AS turns";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(TAKE_TURNS).bind(super::batch(rows)?).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Makes mails that wait be about the signups that replace theirs, which ask for the same report to the same
/// address; returns those. What a worker held once may have arrived, so it stays what it was.
async fn take_places(
    tx: &mut Tx,
    kind: MailKind,
    rows: &[LimitedMail],
) -> sqlx::Result<HashSet<Uuid>> {
    const TAKE: Sql = Sql {
        sqlite: "UPDATE outbox SET signup_id = next.signup_id
                 FROM (SELECT unhex(value->>'signup_id', '-') AS signup_id,
                              unhex(value->>'replaces', '-') AS replaces FROM json_each($1)) AS asked
                 JOIN signup next ON next.signup_id = asked.signup_id
                 JOIN signup before ON before.signup_id = asked.replaces
                      AND before.address_key = next.address_key
                      AND before.report_id IS NOT DISTINCT FROM next.report_id
                 WHERE outbox.signup_id = before.signup_id AND outbox.kind = $2
                   AND outbox.state = 'queued' AND outbox.claims = 0
                 RETURNING signup_id",
        postgres: "UPDATE outbox SET signup_id = next.signup_id
                   FROM json_to_recordset(CAST($1 AS json)) AS asked (signup_id uuid, replaces uuid)
                   JOIN signup next ON next.signup_id = asked.signup_id
                   JOIN signup before ON before.signup_id = asked.replaces
                        AND before.address_key = next.address_key
                        AND before.report_id IS NOT DISTINCT FROM next.report_id
                   WHERE outbox.signup_id = before.signup_id AND outbox.kind = $2
                     AND outbox.state = 'queued' AND outbox.claims = 0
                   RETURNING outbox.signup_id",
    };
    let replacing: Vec<&LimitedMail> = rows.iter().filter(|row| row.replaces.is_some()).collect();
    if replacing.is_empty() {
        return Ok(HashSet::new());
    }
    let replacing = super::batch(&replacing)?;
    let taken: Vec<Uuid> = on!(tx, TAKE, |conn, sql| sqlx::query_scalar(sql)
        .bind(replacing)
        .bind(kind)
        .fetch_all(conn)
        .await)?;
    Ok(taken.into_iter().collect())
}

/// Adds mails to the outbox, each in its turn: the first of a mailbox in this batch a minute behind the newest
/// that is not dropped, the next a minute behind that one.
async fn add(
    tx: &mut Tx,
    now: Timestamp,
    kind: MailKind,
    limit: &MailLimit,
    rows: &[&LimitedMail],
) -> sqlx::Result<usize> {
    const ADD: Sql = Sql {
        sqlite: concat!("INSERT INTO outbox (outbox_id, kind, signup_id, subscriber_id, limiter_key, state, next_at,
                     due_at, created_at)
                 SELECT outbox_id, $4, signup_id, subscriber_id, limiter_key, 'queued', due_at, due_at, $2
                 FROM (SELECT *, max($2, COALESCE($5 + (SELECT max(o.due_at) FROM outbox o
                                                        WHERE o.limiter_key = allowed.limiter_key
                                                          AND o.due_at IS NOT NULL AND o.state <> 'dropped'), $2))
                                 + (turn - 1) * COALESCE($5, 0) AS due_at
                       FROM (SELECT *, row_number() OVER (PARTITION BY limiter_key ORDER BY place) AS turn
                             FROM (SELECT key AS place, unhex(value->>'outbox_id', '-') AS outbox_id,
                                          unhex(value->>'signup_id', '-') AS signup_id,
                                          unhex(value->>'subscriber_id', '-') AS subscriber_id,
                                          unhex(value->>'limiter_key') AS limiter_key,
                                          unhex(value->>'address_key') AS address_key
                                   FROM json_each($1)) AS asked
                             WHERE NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = asked.address_key
                                               AND ", forbids_kind!("s.reason", "$4"), ")) AS allowed) AS timed
                 WHERE NOT EXISTS (SELECT 1 FROM json_each($3) AS window WHERE window.value->>'count' < timed.turn +
                           (SELECT count(*) FROM outbox o
                            WHERE o.limiter_key = timed.limiter_key AND o.state <> 'dropped'
                              AND o.due_at > window.value->>'since'))"),
        postgres: concat!("INSERT INTO outbox (outbox_id, kind, signup_id, subscriber_id, limiter_key, state, next_at,
                       due_at, created_at)
                   SELECT outbox_id, $4, signup_id, subscriber_id, limiter_key, 'queued', due_at, due_at, $2
                   FROM (SELECT *, GREATEST($2, CAST($5 AS bigint) * interval '1 microsecond' +
                                                (SELECT max(o.due_at) FROM outbox o
                                                 WHERE o.limiter_key = allowed.limiter_key
                                                   AND o.due_at IS NOT NULL AND o.state <> 'dropped'))
                                   + (turn - 1) * COALESCE($5, 0) * interval '1 microsecond' AS due_at
                         FROM (SELECT *, row_number() OVER (PARTITION BY limiter_key ORDER BY outbox_id) AS turn
                               FROM (SELECT outbox_id, signup_id, subscriber_id,
                                            decode(limiter_key, 'hex') AS limiter_key,
                                            decode(address_key, 'hex') AS address_key
                                     FROM json_to_recordset(CAST($1 AS json)) AS row (outbox_id uuid,
                                         signup_id uuid, subscriber_id uuid, limiter_key text, address_key text)
                                    ) AS asked
                               WHERE NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = asked.address_key
                                                 AND ", forbids_kind!("s.reason", "$4"), ")) AS allowed) AS timed
                   WHERE NOT EXISTS (
                       SELECT 1 FROM json_to_recordset(CAST($3 AS json)) AS span (count bigint, since bigint)
                       WHERE span.count < timed.turn +
                           (SELECT count(*) FROM outbox o
                            WHERE o.limiter_key = timed.limiter_key AND o.state <> 'dropped'
                              AND o.due_at > to_timestamp(span.since / 1000000.0)))"),
    };
    let windows: Vec<WindowRow> = limit
        .windows(now)
        .into_iter()
        .map(|(count, since)| WindowRow { count, since: since.micros() })
        .collect();
    let (rows, windows) = (super::batch(rows)?, super::batch(&windows)?);
    let apart = limit.apart().map(|apart| i64::try_from(apart.as_micros()).unwrap_or(i64::MAX));
    on!(tx, ADD, |conn, sql| sqlx::query(sql)
        .bind(rows)
        .bind(now)
        .bind(windows)
        .bind(kind)
        .bind(apart)
        .execute(conn)
        .await
        .map(|done| usize::try_from(done.rows_affected()).unwrap_or(usize::MAX)))
}
