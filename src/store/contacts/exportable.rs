//! Who may be written to, with what proves it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::{Postgres, Sqlite, SqliteConnection};
use tokio::sync::mpsc::{self, Sender};
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
pub use crate::store::contacts::export_rows::{ExportRow, ExportRows, Ground};
use crate::store::contacts::export_rows::{Rows, Shared};
use crate::store::snapshot::Snapshot;
use crate::store::{DbTransaction, Tx, ends_consent, in_force, on, renewal_missed, suppresses};

/// Which consents to export: one purpose, and what narrows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFilter {
    /// The one purpose.
    pub purpose: Purpose,
    /// Only those whose signup asked for this report.
    pub report: Option<Slug>,
    /// Only those confirmed at or after this moment.
    pub since: Option<Timestamp>,
    /// Only those confirmed before this moment.
    pub until: Option<Timestamp>,
    /// Only those given under this policy version.
    pub policy: Option<Label>,
}

impl ExportFilter {
    /// Everybody who agreed to this purpose.
    #[must_use]
    pub fn of(purpose: Purpose) -> Self {
        Self { purpose, report: None, since: None, until: None, policy: None }
    }
}

/// From when to when people confirmed: at or after the first, before the second.
fn span(filter: &ExportFilter) -> (Timestamp, Timestamp) {
    let (since, until) = (filter.since, filter.until);
    (since.unwrap_or(Timestamp::EARLIEST), until.unwrap_or(Timestamp::LATEST))
}

/// What stands around the columns of every look at those who may be written to: consent in force and not
/// suppressed at this moment, and not under a policy that people had to agree to anew until a date now past. Of one person
/// [`crate::store::consent::permissions`] finds the same out;
/// `tests/it/contacts/person.rs::the_answer_is_that_of_the_export_whatever_happened` holds the two together.
macro_rules! exportable {
    ($columns:expr, $joined:expr, $from:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM consent c JOIN subscriber u ON u.subscriber_id = c.subscriber_id ",
            $joined,
            " WHERE c.purpose = $1 AND ",
            in_force!("c.state"),
            " AND ",
            $from,
            "  AND ($4 IS NULL OR c.report_id = (SELECT report_id FROM report WHERE slug = $4))
               AND ($5 IS NULL
                    OR c.policy_version_id IN (SELECT policy_version_id FROM policy_version WHERE label = $5))
               AND c.policy_version_id NOT IN (
                   SELECT old.policy_version_id FROM policy_version old
                   JOIN policy_version asks ON ",
            renewal_missed!("asks", "old", "$6"),
            ")
               AND NOT EXISTS (
                   SELECT 1 FROM suppression s WHERE s.address_key = u.address_key
                     AND ",
            suppresses!("s", "= c.purpose"),
            ")",
            $end
        )
    };
}

/// Whether the same consent ended later, as its events say.
macro_rules! ended_later {
    () => {
        concat!(
            "EXISTS (SELECT 1 FROM consent_event later WHERE later.subject_id = c.subscriber_id
                       AND later.seq > e.seq AND later.purpose = c.purpose AND ",
            ends_consent!("later.type"),
            ")"
        )
    };
}

/// The event that a consent rests on.
macro_rules! event {
    () => {
        "JOIN consent_event e ON e.event_id = c.event_id "
    };
}

/// Where the reader of the form that a consent rests on came from. One that was renewed without a form rests on the form
/// that it was given by.
macro_rules! came_from {
    () => {
        "LEFT JOIN signup_source a ON a.signup_id = CASE
             WHEN e.signup_id IS NOT NULL OR e.type <> 'renewed' THEN e.signup_id
             ELSE (SELECT given.signup_id FROM consent_event given
                   WHERE given.subject_id = c.subscriber_id AND given.seq < e.seq AND given.purpose = c.purpose
                     AND (given.type = 'given' OR (given.type = 'renewed' AND given.signup_id IS NOT NULL))
                   ORDER BY given.seq DESC LIMIT 1) END"
    };
}

/// Binds what [`exportable!`] asks for. Spans of time are always bound, and so ask the index.
macro_rules! asked {
    ($sql:expr, $filter:expr, $span:expr, $now:expr, $most:expr) => {
        $sql.bind($filter.purpose.clone())
            .bind($span.0)
            .bind($span.1)
            .bind($filter.report.clone())
            .bind($filter.policy.clone())
            .bind($now)
            .bind($most)
    };
}

/// How many rows are read at once.
const AT_ONCE: i64 = 1000;

/// The first exportable contacts, in the order in which they confirmed.
pub async fn first(
    tx: &mut Tx,
    now: Timestamp,
    filter: &ExportFilter,
    most: i64,
) -> sqlx::Result<ExportRows> {
    let shared = Arc::new(Shared::load(tx, now).await?);
    let rows = match tx {
        Tx::Sqlite(tx) => {
            let asked = Asked { now, filter, shared: &shared };
            page(tx, asked, whole(filter), most).await?
        }
        Tx::Postgres(tx) => {
            let list = sqlx::query(list_text(&shared));
            let rows = asked!(list, filter, span(filter), now, most).fetch_all(&mut **tx);
            Rows::Postgres(rows.await?)
        }
    };
    Ok(ExportRows { rows, shared })
}

/// Few people ended anything, so the server looks for a later event of theirs alone.
macro_rules! list {
    ($sources:literal, $joined:expr) => {
        exportable!(
            concat!(
                "c.subscriber_id, u.email, u.name, u.organisation, u.job_title, c.state, c.notice_id,
                 c.policy_version_id, c.requested_at, c.confirmed_at, c.report_id, c.source, c.event_id, e.seq, e.type,
                 e.leaf, e.mac, c.mac,
                 (c.subscriber_id, c.purpose) IN (SELECT subject_id, purpose FROM consent_event WHERE ",
                ends_consent!("type"),
                ") AND ",
                ended_later!(),
                ", ",
                $sources
            ),
            $joined,
            "c.confirmed_at >= $2 AND c.confirmed_at < $3",
            " ORDER BY c.confirmed_at, c.subscriber_id LIMIT $7"
        )
    };
}

/// Where nobody is known to have come from anywhere, a million rows are spared the look.
fn list_text(shared: &Shared) -> &'static str {
    const BARE: &str = list!("NULL, NULL, NULL, NULL, NULL, NULL, NULL", event!());
    const WHOLE: &str = list!(
        "a.utm_source, a.utm_medium, a.utm_campaign, a.utm_term, a.utm_content, a.ref, a.page_origin",
        concat!(event!(), came_from!())
    );
    if shared.has_sources { WHOLE } else { BARE }
}

/// All exportable contacts of one moment on their way, in the order in which they confirmed. They are read
/// ahead of whoever takes them, but never by more than some pages.
pub struct ExportPages {
    /// They take turns, page by page.
    lanes: Vec<mpsc::Receiver<Piece>>,
    turn: usize,
    shared: Arc<Shared>,
}

/// Some rows, or the end. A lane that falls silent before that has failed.
type Piece = sqlx::Result<Option<Rows>>;

impl ExportPages {
    /// Begins to read them.
    pub async fn begin(
        mut snapshot: Snapshot,
        now: Timestamp,
        filter: &ExportFilter,
    ) -> sqlx::Result<Self> {
        let shared = Arc::new(Shared::load(snapshot.tx(), now).await?);
        let transactions: Vec<Tx> =
            std::iter::once(snapshot.first).chain(snapshot.second).collect();
        let of = transactions.len();
        let lane = |(number, tx): (usize, Tx)| {
            let (out, lane) = mpsc::channel(1);
            let (filter, shared) = (filter.clone(), shared.clone());
            tokio::spawn(async move {
                let asked = Asked { now, filter: &filter, shared: &shared };
                let read = match tx {
                    Tx::Sqlite(tx) => read_every(tx, asked, (number, of), &out).await,
                    Tx::Postgres(tx) => read_all(tx, asked, &out).await,
                };
                // Whoever does not listen any more needs no end.
                out.send(read.map(|()| None)).await.ok();
            });
            lane
        };
        let lanes = transactions.into_iter().enumerate().map(lane).collect();
        Ok(Self { lanes, turn: 0, shared })
    }

    /// The next of them; `None` at the end.
    pub async fn next(&mut self) -> sqlx::Result<Option<ExportRows>> {
        let turn = self.turn % self.lanes.len();
        self.turn += 1;
        let lane = self.lanes.get_mut(turn).ok_or(sqlx::Error::WorkerCrashed)?;
        let rows = lane.recv().await.ok_or(sqlx::Error::WorkerCrashed)??;
        Ok(rows.map(|rows| ExportRows { rows, shared: self.shared.clone() }))
    }
}

/// From PostgreSQL, whose server has its own process for it.
async fn read_all(
    mut tx: DbTransaction<Postgres>,
    Asked { now, filter, shared }: Asked<'_>,
    out: &Sender<Piece>,
) -> sqlx::Result<()> {
    let list = sqlx::query(list_text(shared));
    let rows = asked!(list, filter, span(filter), now, i64::MAX).fetch(&mut *tx);
    let mut chunks = rows.try_chunks(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
    while let Some(rows) = chunks.try_next().await.map_err(|error| error.1)? {
        if out.send(Ok(Some(Rows::Postgres(rows)))).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// A place in the order of contacts: when they confirmed, and who they are.
type Place = (Timestamp, Uuid);

/// Before the first and behind the last; no subscriber has that key.
fn whole(filter: &ExportFilter) -> (Place, Place) {
    let (since, until) = span(filter);
    ((since, Uuid::nil()), (until, Uuid::nil()))
}

/// Which contacts are asked for, and of which moment.
#[derive(Clone, Copy)]
struct Asked<'a> {
    now: Timestamp,
    filter: &'a ExportFilter,
    shared: &'a Shared,
}

/// Every so manyth page from SQLite, beginning with the one of that number.
async fn read_every(
    mut tx: DbTransaction<Sqlite>,
    asked: Asked<'_>,
    (number, of): (usize, usize),
    out: &Sender<Piece>,
) -> sqlx::Result<()> {
    let (begin, end) = whole(asked.filter);
    let mut after = Some(begin);
    let mut pages = 0;
    while let Some(from) = after {
        after = find_place(&mut tx, asked.filter, (from, end)).await?;
        if pages % of == number {
            let rows = page(&mut tx, asked, (from, after.unwrap_or(end)), AT_ONCE).await?;
            if out.send(Ok(Some(rows))).await.is_err() {
                break;
            }
        }
        pages += 1;
    }
    Ok(())
}

/// Where the page after this place ends, by the index alone; `None` for the last one.
async fn find_place(
    conn: &mut SqliteConnection,
    filter: &ExportFilter,
    ((at, id), (end, _)): (Place, Place),
) -> sqlx::Result<Option<Place>> {
    const PLACE: &str = "SELECT confirmed_at, subscriber_id FROM consent
         WHERE purpose = $1 AND (confirmed_at, subscriber_id) > ($2, $3) AND confirmed_at < $4
         ORDER BY confirmed_at, subscriber_id LIMIT 1 OFFSET $5";
    sqlx::query_as(PLACE)
        .bind(filter.purpose.clone())
        .bind(at)
        .bind(id)
        .bind(end)
        .bind(AT_ONCE - 1)
        .fetch_optional(conn)
        .await
}

/// The inner order is kept by its limit.
macro_rules! page {
    ($sources:literal, $joined:expr) => {
        concat!(
            "SELECT COALESCE(string_agg(octet_length(line) || char(31) || line, char(30)), '') FROM (",
            exportable!(
                concat!(
                    "concat_ws(char(31), hex(c.subscriber_id), u.email, COALESCE(u.name, ''),
                         COALESCE(u.organisation, ''), COALESCE(u.job_title, ''), c.state, hex(c.notice_id),
                         hex(c.policy_version_id), c.requested_at, c.confirmed_at, COALESCE(hex(c.report_id), ''),
                         c.source, hex(c.event_id), e.seq, e.type, e.leaf, COALESCE(hex(e.mac), ''),
                         COALESCE(hex(c.mac), ''), ",
                    ended_later!(),
                    ", ",
                    $sources,
                    ") AS line"
                ),
                $joined,
                "(c.confirmed_at, c.subscriber_id) > ($2, $8)
                 AND (c.confirmed_at, c.subscriber_id) <= ($3, $9)",
                " ORDER BY c.confirmed_at, c.subscriber_id LIMIT $7)"
            )
        )
    };
}

/// Those between two places as one text.
async fn page(
    conn: &mut SqliteConnection,
    Asked { now, filter, shared }: Asked<'_>,
    ((after, after_id), (to, to_id)): (Place, Place),
    most: i64,
) -> sqlx::Result<Rows> {
    const BARE: &str = page!("'', '', '', '', '', '', ''", event!());
    const WHOLE: &str = page!(
        "COALESCE(a.utm_source, ''), COALESCE(a.utm_medium, ''), COALESCE(a.utm_campaign, ''),
         COALESCE(a.utm_term, ''), COALESCE(a.utm_content, ''), COALESCE(a.ref, ''), COALESCE(a.page_origin, '')",
        concat!(event!(), came_from!())
    );
    let page = if shared.has_sources { WHOLE } else { BARE };
    let text = asked!(sqlx::query_scalar(page), filter, (after, to), now, most)
        .bind(after_id)
        .bind(to_id)
        .fetch_one(conn);
    Ok(Rows::Sqlite(text.await?))
}

/// How many contacts are exportable, counted no further than `most`, or all of them where nothing narrows it but the
/// purpose.
pub async fn count(
    tx: &mut Tx,
    now: Timestamp,
    filter: &ExportFilter,
    most: i64,
) -> sqlx::Result<i64> {
    const COUNT: &str = exportable!(
        "count(*) FROM (SELECT 1",
        "",
        "c.confirmed_at >= $2 AND c.confirmed_at < $3",
        " LIMIT $7) AS exportable"
    );
    if *filter == ExportFilter::of(filter.purpose.clone()) {
        return Ok(count_all(tx, now, &filter.purpose).await?.min(most));
    }
    on!(tx, |conn| asked!(sqlx::query_scalar(COUNT), filter, span(filter), now, most)
        .fetch_one(conn)
        .await)
}

/// As [`exportable!`] says it, from the other side: consents in force, which an index alone tells, without those that
/// something keeps from being exported, of which there are few.
async fn count_all(tx: &mut Tx, now: Timestamp, purpose: &Purpose) -> sqlx::Result<i64> {
    const COUNT: &str = concat!(
        "SELECT count(*) - (SELECT count(*) FROM (
             SELECT c.subscriber_id FROM policy_version old
             JOIN policy_version asks ON ",
        renewal_missed!("asks", "old", "$2"),
        "    JOIN consent c ON c.policy_version_id = old.policy_version_id
             WHERE c.purpose = $1 AND ",
        in_force!("c.state"),
        "    UNION
             SELECT c.subscriber_id FROM suppression s
             JOIN subscriber u ON u.address_key = s.address_key
             JOIN consent c ON c.subscriber_id = u.subscriber_id
             WHERE c.purpose = $1 AND ",
        in_force!("c.state"),
        "     AND ",
        suppresses!("s", "= c.purpose"),
        ") AS kept_back)
         FROM consent c WHERE c.purpose = $1 AND ",
        in_force!("c.state"),
    );
    on!(tx, |conn| sqlx::query_scalar(COUNT).bind(purpose.clone()).bind(now).fetch_one(conn).await)
}
