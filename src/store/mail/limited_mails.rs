//! Mail that somebody asked for by typing an address, and that the limit of that mailbox keeps apart. Whoever waits
//! for an answer must not learn from its time what is known of the address: each asking writes one row by the same
//! statement, whether it is a mail or one that is never sent.

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::mail::limit::MailLimit;
use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::suppressions;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Effect, Sql, Tx, forbids_kind, on};

/// A mail that is sent when its mailbox's limit allows; one row of a batch.
#[derive(Clone, Debug)]
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

/// A mail as it is decided.
struct Asked<'a> {
    mail: &'a LimitedMail,
    /// Why it is never sent.
    idle: Option<&'static str>,
}

bound_columns!(Asked<'_>, |asked| {
    outbox_id: "uuid" = asked.mail.outbox_id,
    signup_id: "uuid" = asked.mail.signup_id,
    subscriber_id: "uuid" = asked.mail.subscriber_id,
    address_key: "bytea" = asked.mail.address_key.as_bytes(),
    limiter_key: "bytea" = asked.mail.limiter_key.as_bytes(),
    idle: "text" = asked.idle,
    request_id: "text" = asked.mail.request_id.as_ref().map(RequestId::as_str),
});

/// Mails of one kind that are decided at once.
#[derive(Clone, Copy)]
pub struct LimitedMails<'a> {
    /// What they are about.
    pub kind: MailKind,
    /// How many one mailbox is sent.
    pub limit: &'a MailLimit,
    /// Each of them.
    pub rows: &'a [&'a LimitedMail],
}

/// Why no mail of its own goes out for a form whose browser has one waiting.
const HAS_A_PLACE: &str = "the mail that waits for this browser is about it";

/// A mail that may take the place of one that waits.
struct Replacing<'a> {
    signup_id: Option<Uuid>,
    replaces: Uuid,
    request_id: Option<&'a RequestId>,
}

impl<'a> Replacing<'a> {
    fn new(mail: &'a LimitedMail) -> Option<Self> {
        let LimitedMail { signup_id, request_id, .. } = mail;
        Some(Self {
            signup_id: *signup_id,
            replaces: mail.replaces?,
            request_id: request_id.as_ref(),
        })
    }
}

bound_columns!(Replacing<'_>, |mail| {
    signup_id: "uuid" = mail.signup_id,
    replaces: "uuid" = mail.replaces,
    request_id: "text" = mail.request_id.map(RequestId::as_str),
});

/// A window of the limit, as the most that it allows and when it begins.
struct Window(u32, Timestamp);

bound_columns!(Window, |window| {
    most: "bigint" = i64::from(window.0),
    since: "timestamptz" = window.1,
});

/// What holds for all mails that are decided at once.
struct Given {
    now: Timestamp,
    kind: MailKind,
    /// Microseconds between two mails to one mailbox; none where there is no limit.
    apart: Option<i64>,
    /// Whether a row is written of what is not sent, too.
    is_answered: bool,
    /// Since when one more try to an address whose mail came back is one too many.
    tried_since: Timestamp,
}

bound_columns!(Given, |given| {
    now: "timestamptz" = given.now,
    kind: "text" = given.kind.as_ref(),
    apart: "bigint" = given.apart,
    is_answered: "boolean" = given.is_answered,
    tried_since: "timestamptz" = given.tried_since,
});

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
    let LimitedMails { kind, limit, rows } = mails;
    tx.after(Effect::RingMail);
    take_turns(tx, &rows.iter().map(|row| &row.limiter_key).collect::<Vec<_>>()).await?;
    let apart = limit.apart().map(|apart| i64::try_from(apart.as_micros()).unwrap_or(i64::MAX));
    let (is_answered, tried_since) =
        (kind != MailKind::PreferencesLink, now.minus(BEFORE_ANOTHER_TRY));
    let given = [Given { now, kind, apart, is_answered, tried_since }];
    let given = Table("given", &given);
    let placed = take_places(tx, &given, rows).await?;
    let has_place = |mail: &LimitedMail| mail.signup_id.is_some_and(|id| placed.contains(&id));
    let asked: Vec<Asked<'_>> = rows
        .iter()
        .map(|mail| Asked {
            mail,
            idle: mail.idle.or_else(|| has_place(mail).then_some(HAS_A_PLACE)),
        })
        .collect();
    let allowed: Vec<Window> =
        limit.windows(now).into_iter().map(|(most, since)| Window(most, since)).collect();
    let queued = add(tx, &given, &allowed, &asked).await?;
    if kind == MailKind::Confirm {
        let is_queued = |mail: &&&LimitedMail| queued.contains(&mail.outbox_id);
        let keys = rows.iter().filter(is_queued).map(|mail| &mail.address_key);
        suppressions::mark_tried(tx, now, &keys.collect::<Vec<_>>()).await?;
    }
    Ok(placed.len() + queued.len())
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
                                               AND b.reason = 'bounced' AND given.kind = 'confirm'
                                               AND (t.tried_at > given.tried_since OR ",
            $asked,
            ".nth > 1
                                                    OR EXISTS (SELECT 1 FROM outbox o JOIN signup g ON g.signup_id = o.signup_id
                                                               WHERE o.limiter_key = ",
            $asked,
            ".limiter_key AND o.due_at > given.tried_since
                                                                 AND o.kind = 'confirm' AND o.state <> 'dropped'
                                                                 AND g.address_key = ",
            $asked,
            ".address_key)))"
        )
    };
}

/// Waits until nobody else decides mail to this mailbox. Whoever locks signups before they decide does so behind this,
/// as those who decide first wait for signups then.
pub async fn take_turn(tx: &mut Tx, limiter_key: &AddressKey) -> sqlx::Result<()> {
    take_turns(tx, &[limiter_key]).await
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

/// Waits until nobody else decides mail to any of these mailboxes.
pub async fn take_turns(tx: &mut Tx, limiter_keys: &[&AddressKey]) -> sqlx::Result<()> {
    const TAKE_TURNS: &str = "SELECT count(pg_advisory_xact_lock(turn)) FROM (
             SELECT DISTINCT hashtextextended(encode(limiter_key, 'hex'), 0) AS turn
             FROM unnest($1) AS asked (limiter_key) ORDER BY 1) AS turns";
    if let Tx::Postgres(tx) = tx {
        let keys: Vec<&[u8]> = limiter_keys.iter().map(|key| key.as_bytes()).collect();
        sqlx::query(TAKE_TURNS).bind(keys).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Makes mails that wait be about the signups that replace theirs, which ask for the same report to the same
/// address; returns those. What a worker held once may have arrived, so it stays what it was.
async fn take_places(
    tx: &mut Tx,
    given: &Table<'_, Given>,
    mails: &[&LimitedMail],
) -> sqlx::Result<HashSet<Uuid>> {
    macro_rules! take {
        ($returning:literal) => {
            concat!(
                "UPDATE outbox SET signup_id = next.signup_id, request_id = asked.request_id
                 FROM asked
                 JOIN signup next ON next.signup_id = asked.signup_id
                 JOIN signup before ON before.signup_id = asked.replaces
                      AND before.address_key = next.address_key
                      AND before.report_id IS NOT DISTINCT FROM next.report_id
                 CROSS JOIN given
                 WHERE outbox.signup_id = before.signup_id AND outbox.kind = given.kind
                   AND outbox.state = 'queued' AND outbox.claims = 0
                 RETURNING ",
                $returning
            )
        };
    }
    const TAKE: Sql = Sql { sqlite: take!("signup_id"), postgres: take!("outbox.signup_id") };
    let replacing: Vec<Replacing<'_>> = mails.iter().copied().filter_map(Replacing::new).collect();
    let taken: Vec<(Uuid,)> =
        rows::fetch_all(tx, TAKE, &[given], Table("asked", &replacing)).await?;
    Ok(taken.into_iter().map(|(signup_id,)| signup_id).collect())
}

/// What is asked for; what is barred, and why; the turns of what is not; their times; what becomes of each.
/// Materialized, so that each is looked at once, whatever comes of it.
macro_rules! add {
    ($greatest:literal, $microsecond:literal) => {
        concat!(
            ", numbered AS (
             SELECT *, row_number() OVER (PARTITION BY address_key ORDER BY outbox_id) AS nth FROM mail),
         judged AS MATERIALIZED (
             SELECT numbered.*, COALESCE(idle, (SELECT 'the address is suppressed' FROM suppression s
                                                WHERE s.address_key = numbered.address_key
                                                  AND ", forbids_kind!("s.reason", "given.kind"), " LIMIT 1),
                 CASE WHEN ", was_tried!("numbered"), " THEN 'its mail came back within the week' END) AS barred
             FROM numbered CROSS JOIN given),
         turned AS (
             SELECT *, row_number() OVER (PARTITION BY limiter_key, barred IS NULL ORDER BY outbox_id) AS turn
             FROM judged),
         timed AS MATERIALIZED (
             SELECT turned.*,
                 ", $greatest, "(given.now, COALESCE(given.apart * ", $microsecond, " +
                                   (SELECT max(o.due_at) FROM outbox o
                                    WHERE o.limiter_key = turned.limiter_key
                                      AND o.due_at IS NOT NULL AND o.state <> 'dropped'), given.now))
                     + (turn - 1) * COALESCE(given.apart, 0) * ", $microsecond, " AS due_at,
                 EXISTS (SELECT 1 FROM allowed WHERE allowed.most < turned.turn +
                             (SELECT count(*) FROM outbox o
                              WHERE o.limiter_key = turned.limiter_key AND o.state <> 'dropped'
                                AND o.due_at > allowed.since)) AS is_full
             FROM turned CROSS JOIN given),
         decided AS (
             SELECT *, COALESCE(barred, CASE WHEN is_full THEN 'the limit of its mailbox forbids it' END) AS why
             FROM timed)
         INSERT INTO outbox (outbox_id, kind, signup_id, subscriber_id, limiter_key, state, next_at, due_at,
             created_at, finished_at, reason, request_id)
         SELECT outbox_id, kind, signup_id, subscriber_id, limiter_key,
             CASE WHEN why IS NULL THEN 'queued' ELSE 'dropped' END, due_at,
             CASE WHEN why IS NULL THEN due_at END, now, CASE WHEN why IS NULL THEN NULL ELSE now END, why,
             CASE WHEN why IS NULL THEN request_id END
         FROM decided CROSS JOIN given WHERE why IS NULL OR is_answered
         RETURNING outbox_id, state"
        )
    };
}
const ADD: Sql =
    Sql { sqlite: add!("max", "1"), postgres: add!("GREATEST", "interval '1 microsecond'") };

/// Adds mails to the outbox, each in its turn: the first of a mailbox in this batch a minute behind the newest
/// that is not dropped, the next a minute behind that one. Returns those that will be sent.
async fn add(
    tx: &mut Tx,
    given: &Table<'_, Given>,
    allowed: &[Window],
    mails: &[Asked<'_>],
) -> sqlx::Result<HashSet<Uuid>> {
    let added: Vec<(Uuid, OutboxState)> =
        rows::fetch_all(tx, ADD, &[given, &Table("allowed", allowed)], Table("mail", mails))
            .await?;
    let queued = added.into_iter().filter(|(_, state)| *state == OutboxState::Queued);
    Ok(queued.map(|(outbox_id, _)| outbox_id).collect())
}
