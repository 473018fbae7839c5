//! Mail that somebody asked for by typing an address, and that the limit of that mailbox keeps apart. Whoever waits
//! for an answer must not learn from its time what is known of the address: each asking writes one row by the same
//! statement, whether it is a mail or one that is never sent.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::mail::limit::MailLimit;
use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::store::{Effect, Sql, Tx, forbids_kind, on};

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
    /// Why it is never sent, where that is known already; its row is written all the same.
    pub idle: Option<&'static str>,
    /// The request that asks for it.
    pub request_id: Option<RequestId>,
}

/// Mails of one kind that are decided at once.
#[derive(Clone, Copy)]
pub struct LimitedMails<'a> {
    /// What they are about.
    pub kind: MailKind,
    /// How many one mailbox is sent.
    pub limit: &'a MailLimit,
    /// Each of them.
    pub rows: &'a [LimitedMail],
}

/// Why no mail of its own goes out for a form whose browser has one waiting.
const HAS_A_PLACE: &str = "the mail that waits for this browser is about it";

#[derive(Serialize)]
struct WindowRow {
    count: u32,
    /// Microseconds since the Unix epoch.
    since: i64,
}

/// How long after a mail to an address came back, or one more was tried, no confirmation is mailed there.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_hours(7 * 24);

/// Decides these mails; returns how many will be sent. Each is due a minute behind the newest of its mailbox, and
/// what waits counts as what was sent. What the limit of its mailbox or a suppression forbids is written down as
/// dropped, counts for nothing and has no `due_at`; but not for the link to somebody's choices, of which a worker alone
/// decides, for nobody waits for that. One
/// that stands in for a mail that waits takes that mail's place and its time. To an address whose mail came back goes
/// one confirmation a week at most.
/// On PostgreSQL writers of one mailbox take turns first, else each would count without the other.
///
/// # Errors
/// When the database does not take them; then none is decided.
pub async fn insert_all(
    tx: &mut Tx,
    now: Timestamp,
    mails: LimitedMails<'_>,
) -> sqlx::Result<usize> {
    let LimitedMails { kind, rows, .. } = mails;
    tx.after(Effect::RingMail);
    take_turns(tx, rows).await?;
    let placed = take_places(tx, kind, rows).await?;
    let has_place = |row: &LimitedMail| row.signup_id.is_some_and(|id| placed.contains(&id));
    let rows: Vec<LimitedMail> = rows
        .iter()
        .map(|row| LimitedMail {
            idle: row.idle.or_else(|| has_place(row).then_some(HAS_A_PLACE)),
            ..row.clone()
        })
        .collect();
    let added = add(tx, now, LimitedMails { rows: &rows, ..mails }).await?;
    if kind == MailKind::Confirm {
        mark_tried(tx, now, &rows).await?;
    }
    Ok(placed.len() + added)
}

/// Forgets the row of a mail of this kind about this signup that was never to be sent: who asks again and again fills
/// nothing.
pub async fn delete_idle(tx: &mut Tx, kind: MailKind, signup_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "DELETE FROM outbox
         WHERE signup_id = $1 AND kind = $2 AND state = 'dropped' AND due_at IS NULL AND claims = 0"
    )
    .bind(signup_id)
    .bind(kind)
    .execute(conn)
    .await
    .map(drop)
    })
}

/// Whether an address, named by its row, had a confirmation within the week, so that its mail having come back forbids
/// another: by the moment that stays when the mail is purged, or by a mail from before it came back.
macro_rules! was_tried {
    ($asked:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM suppression b
                                               LEFT JOIN suppression_try t ON t.address_key = b.address_key
                                               WHERE b.address_key = ",
            $asked,
            ".address_key
                                               AND b.reason = 'bounced' AND $4 = 'confirm'
                                               AND (t.tried_at > $7 OR ",
            $asked,
            ".nth > 1
                                                    OR EXISTS (SELECT 1 FROM outbox o JOIN signup g ON g.signup_id = o.signup_id
                                                               WHERE o.limiter_key = ",
            $asked,
            ".limiter_key AND o.due_at > $7
                                                                 AND o.kind = 'confirm' AND o.state <> 'dropped'
                                                                 AND g.address_key = ",
            $asked,
            ".address_key)))"
        )
    };
}

/// Writes down when a confirmation was decided for an address whose mail had come back.
async fn mark_tried(tx: &mut Tx, now: Timestamp, rows: &[LimitedMail]) -> sqlx::Result<()> {
    const MARK: Sql = Sql {
        sqlite: "INSERT INTO suppression_try (address_key, tried_at)
                 SELECT s.address_key, $2 FROM suppression s
                 WHERE s.reason = 'bounced' AND s.address_key IN (
                     SELECT unhex(value->>'address_key') FROM json_each($1)
                     JOIN outbox o ON o.outbox_id = unhex(value->>'outbox_id', '-') AND o.state = 'queued')
                 ON CONFLICT (address_key) DO UPDATE SET tried_at = excluded.tried_at",
        postgres: "INSERT INTO suppression_try (address_key, tried_at)
                   SELECT s.address_key, $2 FROM suppression s
                   WHERE s.reason = 'bounced' AND s.address_key IN (
                       SELECT decode(asked.address_key, 'hex')
                       FROM json_to_recordset(CAST($1 AS json)) AS asked (outbox_id uuid, address_key text)
                       JOIN outbox o ON o.outbox_id = asked.outbox_id AND o.state = 'queued')
                   ON CONFLICT (address_key) DO UPDATE SET tried_at = excluded.tried_at",
    };
    let rows = crate::store::batch(rows)?;
    on!(tx, MARK, |conn, sql| sqlx::query(sql).bind(rows).bind(now).execute(conn).await.map(drop))
}

/// Waits until nobody else decides mail to this mailbox. Whoever locks signups before they decide does so behind this,
/// as those who decide first wait for signups then.
pub async fn take_turn(tx: &mut Tx, limiter_key: &AddressKey) -> sqlx::Result<()> {
    #[derive(Serialize)]
    struct Mailbox<'a> {
        limiter_key: &'a AddressKey,
    }
    take_turns(tx, &[Mailbox { limiter_key }]).await
}

/// Waits until nobody else decides mail to a mailbox that forms of this address count for; unlike [`take_turn`], it
/// finds them itself.
pub async fn take_turns_of(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<()> {
    const TAKE_TURNS: &str = "SELECT count(pg_advisory_xact_lock(turn)) FROM (
             SELECT DISTINCT hashtextextended(encode(limiter_key, 'hex'), 0) AS turn
             FROM signup WHERE address_key = $1 ORDER BY 1) AS turns";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(TAKE_TURNS).bind(address_key).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn take_turns(tx: &mut Tx, rows: &[impl Serialize]) -> sqlx::Result<()> {
    const TAKE_TURNS: &str = "SELECT count(pg_advisory_xact_lock(turn)) FROM (
             SELECT DISTINCT hashtextextended(limiter_key, 0) AS turn
             FROM json_to_recordset(CAST($1 AS json)) AS asked (limiter_key text) ORDER BY 1) AS turns";
    if let Tx::Postgres(tx) = tx {
        sqlx::query(TAKE_TURNS).bind(crate::store::batch(rows)?).execute(&mut **tx).await?;
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
        sqlite: "UPDATE outbox SET signup_id = next.signup_id, request_id = asked.request_id
                 FROM (SELECT unhex(value->>'signup_id', '-') AS signup_id,
                              unhex(value->>'replaces', '-') AS replaces,
                              value->>'request_id' AS request_id FROM json_each($1)) AS asked
                 JOIN signup next ON next.signup_id = asked.signup_id
                 JOIN signup before ON before.signup_id = asked.replaces
                      AND before.address_key = next.address_key
                      AND before.report_id IS NOT DISTINCT FROM next.report_id
                 WHERE outbox.signup_id = before.signup_id AND outbox.kind = $2
                   AND outbox.state = 'queued' AND outbox.claims = 0
                 RETURNING signup_id",
        postgres: "UPDATE outbox SET signup_id = next.signup_id, request_id = asked.request_id
                   FROM json_to_recordset(CAST($1 AS json)) AS asked (signup_id uuid, replaces uuid,
                       request_id text)
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
    let replacing = crate::store::batch(&replacing)?;
    let taken: Vec<Uuid> = on!(tx, TAKE, |conn, sql| sqlx::query_scalar(sql)
        .bind(replacing)
        .bind(kind)
        .fetch_all(conn)
        .await)?;
    Ok(taken.into_iter().collect())
}

/// What becomes of each, in the words of both databases.
macro_rules! decided {
    () => {
        "decided AS (
             SELECT *, COALESCE(barred, CASE WHEN is_full THEN 'the limit of its mailbox forbids it' END) AS why
             FROM timed)
         INSERT INTO outbox (outbox_id, kind, signup_id, subscriber_id, limiter_key, state, next_at, due_at,
             created_at, finished_at, reason, request_id)
         SELECT outbox_id, $4, signup_id, subscriber_id, limiter_key,
             CASE WHEN why IS NULL THEN 'queued' ELSE 'dropped' END, due_at,
             CASE WHEN why IS NULL THEN due_at END, $2, CASE WHEN why IS NULL THEN NULL ELSE $2 END, why,
             CASE WHEN why IS NULL THEN request_id END
         FROM decided WHERE why IS NULL OR $6
         RETURNING state"
    };
}

/// What is asked for; what is barred, and why; the turns of what is not; their times; what becomes of each.
/// Materialized, so that each is looked at once, whatever comes of it.
const ADD: Sql = Sql {
    sqlite: concat!(
        "WITH asked AS (
             SELECT key AS place, unhex(value->>'outbox_id', '-') AS outbox_id,
                 unhex(value->>'signup_id', '-') AS signup_id,
                 unhex(value->>'subscriber_id', '-') AS subscriber_id,
                 unhex(value->>'limiter_key') AS limiter_key,
                 unhex(value->>'address_key') AS address_key, value->>'idle' AS idle,
                 value->>'request_id' AS request_id,
                 row_number() OVER (PARTITION BY value->>'address_key' ORDER BY key) AS nth
             FROM json_each($1)),
         judged AS MATERIALIZED (
             SELECT *, COALESCE(idle, (SELECT 'the address is suppressed' FROM suppression s
                                       WHERE s.address_key = asked.address_key
                                         AND ", forbids_kind!("s.reason", "$4"), " LIMIT 1),
                 CASE WHEN ", was_tried!("asked"), " THEN 'its mail came back within the week' END) AS barred
             FROM asked),
         turned AS (
             SELECT *, row_number() OVER (PARTITION BY limiter_key, barred IS NULL ORDER BY place) AS turn
             FROM judged),
         timed AS MATERIALIZED (
             SELECT *, max($2, COALESCE($5 + (SELECT max(o.due_at) FROM outbox o
                                              WHERE o.limiter_key = turned.limiter_key
                                                AND o.due_at IS NOT NULL AND o.state <> 'dropped'), $2))
                       + (turn - 1) * COALESCE($5, 0) AS due_at,
                 EXISTS (SELECT 1 FROM json_each($3) AS span WHERE span.value->>'count' < turned.turn +
                             (SELECT count(*) FROM outbox o
                              WHERE o.limiter_key = turned.limiter_key AND o.state <> 'dropped'
                                AND o.due_at > span.value->>'since')) AS is_full
             FROM turned),
         ",
        decided!()
    ),
    postgres: concat!(
        "WITH asked AS (
             SELECT outbox_id, signup_id, subscriber_id, decode(limiter_key, 'hex') AS limiter_key,
                 decode(address_key, 'hex') AS address_key, idle, request_id,
                 row_number() OVER (PARTITION BY address_key ORDER BY outbox_id) AS nth
             FROM json_to_recordset(CAST($1 AS json)) AS row (outbox_id uuid, signup_id uuid,
                 subscriber_id uuid, limiter_key text, address_key text, idle text,
                 request_id text)),
         judged AS MATERIALIZED (
             SELECT *, COALESCE(idle, (SELECT 'the address is suppressed' FROM suppression s
                                       WHERE s.address_key = asked.address_key
                                         AND ", forbids_kind!("s.reason", "$4"), " LIMIT 1),
                 CASE WHEN ", was_tried!("asked"), " THEN 'its mail came back within the week' END) AS barred
             FROM asked),
         turned AS (
             SELECT *, row_number() OVER (PARTITION BY limiter_key, barred IS NULL ORDER BY outbox_id) AS turn
             FROM judged),
         timed AS MATERIALIZED (
             SELECT *, GREATEST($2, CAST($5 AS bigint) * interval '1 microsecond' +
                                    (SELECT max(o.due_at) FROM outbox o
                                     WHERE o.limiter_key = turned.limiter_key
                                       AND o.due_at IS NOT NULL AND o.state <> 'dropped'))
                       + (turn - 1) * COALESCE($5, 0) * interval '1 microsecond' AS due_at,
                 EXISTS (SELECT 1 FROM json_to_recordset(CAST($3 AS json)) AS span (count bigint, since bigint)
                         WHERE span.count < turned.turn +
                             (SELECT count(*) FROM outbox o
                              WHERE o.limiter_key = turned.limiter_key AND o.state <> 'dropped'
                                AND o.due_at > to_timestamp(span.since / 1000000.0))) AS is_full
             FROM turned),
         ",
        decided!()
    ),
};

/// Adds mails to the outbox, each in its turn: the first of a mailbox in this batch a minute behind the newest
/// that is not dropped, the next a minute behind that one. Returns how many will be sent.
async fn add(
    tx: &mut Tx,
    now: Timestamp,
    LimitedMails { kind, limit, rows }: LimitedMails<'_>,
) -> sqlx::Result<usize> {
    let windows: Vec<WindowRow> = limit
        .windows(now)
        .into_iter()
        .map(|(count, since)| WindowRow { count, since: since.micros() })
        .collect();
    let (rows, windows) = (crate::store::batch(rows)?, crate::store::batch(&windows)?);
    let apart = limit.apart().map(|apart| i64::try_from(apart.as_micros()).unwrap_or(i64::MAX));
    let is_answered = kind != MailKind::PreferencesLink;
    let states: Vec<OutboxState> = on!(tx, ADD, |conn, sql| sqlx::query_scalar(sql)
        .bind(rows)
        .bind(now)
        .bind(windows)
        .bind(kind)
        .bind(apart)
        .bind(is_answered)
        .bind(now.minus(BEFORE_ANOTHER_TRY))
        .fetch_all(conn)
        .await)?;
    Ok(states.into_iter().filter(|state| *state == OutboxState::Queued).count())
}
