//! How the forms are doing. Spans of time are ranges of keys, which are made in the order of time, so no
//! index is paid for on a signup's way. Over a year of a million signups they still take seconds: ask now
//! and then, not for each page.

use uuid::Uuid;

use crate::domain::key::{least_key, least_key_after};
use crate::domain::time_zone::Stretch;
use crate::domain::timestamp::Timestamp;
use crate::store::{Sql, Tx, on};

/// What was sent with one form on one day, and what became of it since.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FormDay {
    /// The report of the form; none for the newsletters alone.
    pub report_id: Option<Uuid>,
    /// The day, as [`crate::domain::day::Day::number`] counts.
    pub day: i64,
    /// How many signups.
    pub submitted: i64,
    /// How many of them are confirmed.
    pub confirmed: i64,
}

/// Counts the signups sent in a stretch of time, for each form and each day by the clocks of that stretch.
pub async fn count_by_form_and_day(tx: &mut Tx, stretch: Stretch) -> sqlx::Result<Vec<FormDay>> {
    macro_rules! text {
        ($day:literal) => {
            concat!(
                "SELECT s.report_id, ",
                $day,
                " AS day, count(*) AS submitted,
                   count(*) FILTER (WHERE s.status = 'confirmed') AS confirmed
                 FROM signup s
                 WHERE s.signup_id >= $1 AND s.signup_id < $2 AND s.created_at >= $3 AND s.created_at < $4
                 GROUP BY 1, 2"
            )
        };
    }
    const COUNT: Sql = Sql {
        sqlite: text!("(s.created_at + $5 * 1000000) / 86400000000"),
        postgres: text!("CAST(floor((extract(epoch FROM s.created_at) + $5) / 86400) AS bigint)"),
    };
    let Stretch { from, until, offset } = stretch;
    on!(tx, COUNT, |conn, sql| sqlx::query_as(sql)
        .bind(least_key(from))
        .bind(least_key_after(until))
        .bind(from)
        .bind(until)
        .bind(offset)
        .fetch_all(conn)
        .await)
}

/// How many of one form's signups went some way.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FormCount {
    /// The report of the form; none for the newsletters alone.
    pub report_id: Option<Uuid>,
    /// How many.
    pub signups: i64,
}

/// Counts, for each form, the signups sent since a moment that were mailed a link.
pub async fn count_mailed(tx: &mut Tx, since: Timestamp) -> sqlx::Result<Vec<FormCount>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT s.report_id, count(*) AS signups FROM signup s
         WHERE s.signup_id >= $1 AND s.created_at >= $2 AND EXISTS (
             SELECT 1 FROM outbox o WHERE o.signup_id = s.signup_id
               AND o.kind = 'confirm' AND o.state = 'sent')
         GROUP BY 1"
    )
    .bind(least_key(since))
    .bind(since)
    .fetch_all(conn)
    .await)
}

/// Counts, for each form, the signups sent since a moment whose confirmation mail came back; a complaint
/// is no such mail, for it arrived.
pub async fn count_bounced(tx: &mut Tx, since: Timestamp) -> sqlx::Result<Vec<FormCount>> {
    // SQLite reads what is joined crosswise in this order: first the few that came back.
    on!(tx, |conn| sqlx::query_as(
        "SELECT s.report_id, count(*) AS signups FROM signup s
         WHERE s.created_at >= $2 AND s.signup_id IN (
             SELECT o.signup_id FROM bounce b CROSS JOIN outbox o
             WHERE o.outbox_id = b.outbox_id AND b.kind <> 'complaint' AND o.kind = 'confirm'
               AND o.signup_id >= $1)
         GROUP BY 1"
    )
    .bind(least_key(since))
    .bind(since)
    .fetch_all(conn)
    .await)
}

/// Counts, for each form, the signups sent since a moment whose report was downloaded.
pub async fn count_downloaded(tx: &mut Tx, since: Timestamp) -> sqlx::Result<Vec<FormCount>> {
    // A fresh link counts its downloads anew; then the downloads themselves tell.
    on!(tx, |conn| sqlx::query_as(
        "SELECT g.report_id, count(*) AS signups FROM download_grant g
         WHERE g.signup_id >= $1 AND (g.used > 0 OR (g.generation > 1 AND EXISTS (
             SELECT 1 FROM download d WHERE d.download_grant_id = g.download_grant_id)))
         GROUP BY 1"
    )
    .bind(least_key(since))
    .fetch_all(conn)
    .await)
}

/// How many people have their mailbox at one domain.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Domain {
    /// The domain, in lower case.
    pub domain: String,
    /// How many.
    pub people: i64,
}

/// The `count` domains most of those are at who became subscribers since a moment.
pub async fn list_domains(tx: &mut Tx, since: Timestamp, count: i64) -> sqlx::Result<Vec<Domain>> {
    const LIST: Sql = Sql {
        sqlite: "SELECT lower(substr(email, instr(email, '@') + 1)) AS domain, count(*) AS people
                 FROM subscriber WHERE subscriber_id >= $1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $2",
        postgres:
            "SELECT lower(split_part(email, '@', 2)) AS domain, count(*) AS people
                   FROM subscriber WHERE subscriber_id >= $1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $2",
    };
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql)
        .bind(least_key(since))
        .bind(count)
        .fetch_all(conn)
        .await)
}

/// The domains at which at least so many people have their mailbox who confirmed a form, most of them first; who has many
/// addresses that lead to one mailbox is one.
pub async fn list_shared_domains(tx: &mut Tx, least: i64) -> sqlx::Result<Vec<String>> {
    macro_rules! shared {
        ($domain:literal) => {
            concat!(
                "SELECT ",
                $domain,
                " AS domain FROM signup s
                 WHERE s.subscriber_id IS NOT NULL AND s.status = 'confirmed'
                 GROUP BY 1 HAVING count(DISTINCT s.limiter_key) >= $1
                 ORDER BY count(DISTINCT s.limiter_key) DESC, 1 LIMIT 200"
            )
        };
    }
    const LIST: Sql = Sql {
        sqlite: shared!("lower(substr(s.email, instr(s.email, '@') + 1))"),
        postgres: shared!("lower(split_part(s.email, '@', 2))"),
    };
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(least).fetch_all(conn).await)
}

/// What waits, and what was begun since midnight. How many signed up today, and of them confirmed, stands in
/// [`FormDay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Today {
    /// Signups that wait for their button, whenever they were sent.
    pub waiting: i64,
    /// Downloads begun.
    pub downloads: i64,
}

/// Counts what waits `now`, and what was begun since `midnight`.
pub async fn count_today(tx: &mut Tx, now: Timestamp, midnight: Timestamp) -> sqlx::Result<Today> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT (SELECT count(*) FROM signup
                 WHERE status <> 'confirmed' AND status = 'pending' AND expires_at > $3) AS waiting,
                (SELECT count(*) FROM download WHERE download_id >= $1 AND started_at >= $2) AS downloads"
    )
    .bind(least_key(midnight))
    .bind(midnight)
    .bind(now)
    .fetch_one(conn)
    .await
    })
}
