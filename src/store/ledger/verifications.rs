//! Events with all that must agree with them, for the check of the whole ledger.

use assent_ledger::event_type::EventType;
use data_encoding::HEXLOWER_PERMISSIVE;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store::{Sql, Tx, on};

/// One event, and what stands now of its subject and purpose.
#[derive(Clone, Debug)]
pub struct EventRow<'a> {
    /// Its place in the tree; none while it waits for one.
    pub leaf_index: Option<i64>,
    /// Its key.
    pub event_id: Uuid,
    /// Whose order it stands in.
    pub subject_id: Uuid,
    /// Its place in that order.
    pub seq: i64,
    /// The form it came from.
    pub signup_id: Option<Uuid>,
    /// The subscriber, once there is one.
    pub subscriber_id: Option<Uuid>,
    /// When it was recorded.
    pub recorded_at: Option<Timestamp>,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// RFC 8785 text; gone after erasure.
    pub body: Option<&'a str>,
    /// The salt; gone after erasure.
    pub salt: Option<Hex<'a>>,
    /// The leaf, which stays.
    pub leaf: &'a str,
    /// Its MAC.
    pub mac: Option<Hex<'a>>,
    /// What it was given in, by its hash.
    pub context_sha256: Option<Hex<'a>>,
    /// The words shown.
    pub notice_id: Option<Uuid>,
    /// The policy shown.
    pub policy_version_id: Option<Uuid>,
    /// What the present consent of the subscriber to the purpose rests on.
    pub ground: Ground,
    /// That consent.
    pub standing: StoredConsent<'a>,
    /// By how much the event it rests on is later than this one, if it is another.
    pub ahead: Option<i64>,
    /// Whether it is the newest of its subscriber, by the subscriber's own count.
    pub newest: bool,
    /// Whether something is left of somebody of whom nothing should be.
    pub left_over: bool,
    /// The leaf before it of the same subject.
    pub previous: Option<&'a str>,
    /// Whether it bears an earlier time than that one.
    pub runs_back: bool,
}

/// The present consent of an event's subscriber to its purpose; all of it is missing where there is none.
#[derive(Clone, Copy, Debug)]
pub struct StoredConsent<'a> {
    /// Its state.
    pub state: Option<EventType>,
    /// Whether it rests on the words of this event.
    pub same_words: bool,
    /// Whether it rests on the policy of this event.
    pub same_policy: bool,
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// The page it was given on.
    pub source: Option<&'a str>,
    /// The report of the signup that consented.
    pub report: Option<&'a str>,
    /// Its key.
    pub report_id: Option<Uuid>,
    /// Its MAC.
    pub mac: Option<Hex<'a>>,
    /// The subscriber's address.
    pub email: Option<&'a str>,
    /// The key they are recognised by.
    pub address_key: Option<Hex<'a>>,
    /// The MAC that binds the subscriber to that key.
    pub subscriber_mac: Option<Hex<'a>>,
}

/// Bytes as the database wrote them: in hex, of either case.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(&'a str);

impl<'a> Hex<'a> {
    /// The hex.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The bytes; `None` unless there are so many.
    #[must_use]
    pub fn bytes<const N: usize>(self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let length = HEXLOWER_PERMISSIVE.decode_len(self.0.len()).ok()?;
        let read = (length == N)
            .then(|| HEXLOWER_PERMISSIVE.decode_mut(self.0.as_bytes(), &mut bytes).ok());
        read.flatten().map(|_| bytes)
    }
}

/// What the present consent rests on, seen from one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// There is no consent.
    None,
    /// On this event.
    This,
    /// On another one of the same subject and purpose.
    Another,
}

/// The events and what stands beside them, as one text: rows end in RS and fields in US, control characters
/// that canonical JSON never holds; a row that does hold one, or a NUL, is found by the length of its texts,
/// which stands last. One by one, each value of each row would cross from the database's thread by
/// itself, and that takes longer than reading them.
macro_rules! rows {
    ($which:literal) => {
        Sql {
            sqlite: concat!(
                "SELECT string_agg(format('",
                rows!(fields),
                "', e.leaf_index, hex(e.event_id), hex(e.subject_id), e.seq, hex(e.signup_id),
                     hex(e.subscriber_id), e.recorded_at, e.type, e.purpose, e.body, hex(e.salt), e.leaf,
                     hex(e.mac), hex(e.context_sha256), hex(e.notice_id), hex(e.policy_version_id),
                     CASE WHEN c.event_id = e.event_id THEN 1 WHEN c.event_id IS NOT NULL THEN 2 END, c.state,
                     CASE WHEN c.notice_id = e.notice_id THEN 1 END,
                     CASE WHEN c.policy_version_id = e.policy_version_id THEN 1 END,
                     c.requested_at, c.confirmed_at, c.source, r.slug, hex(c.report_id), hex(c.mac), u.email,
                     hex(u.address_key), hex(u.mac), ",
                rows!(seen),
                "), '')",
                rows!(joined),
                $which
            ),
            postgres: concat!(
                "SELECT string_agg(format('",
                rows!(fields),
                "', e.leaf_index, e.event_id, e.subject_id, e.seq, e.signup_id, e.subscriber_id,
                     CAST(extract(epoch FROM e.recorded_at) * 1000000 AS bigint), e.type, e.purpose, e.body,
                     encode(e.salt, 'hex'), e.leaf, encode(e.mac, 'hex'), encode(e.context_sha256, 'hex'),
                     e.notice_id, e.policy_version_id,
                     CASE WHEN c.event_id = e.event_id THEN 1 WHEN c.event_id IS NOT NULL THEN 2 END, c.state,
                     CASE WHEN c.notice_id = e.notice_id THEN 1 END,
                     CASE WHEN c.policy_version_id = e.policy_version_id THEN 1 END,
                     CAST(extract(epoch FROM c.requested_at) * 1000000 AS bigint),
                     CAST(extract(epoch FROM c.confirmed_at) * 1000000 AS bigint), c.source, r.slug,
                     c.report_id, encode(c.mac, 'hex'), u.email, encode(u.address_key, 'hex'),
                     encode(u.mac, 'hex'), ",
                rows!(seen),
                "), '')",
                rows!(joined),
                $which
            ),
        }
    };
    (fields) => {
        concat!(
            "%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}",
            "%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}",
            "%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1f}%s\u{1e}"
        )
    };
    // What is left over is looked for only where nothing should be.
    (seen) => {
        "l.seq - e.seq, CASE WHEN u.last_seq = e.seq THEN 1 END,
                     CASE WHEN e.body IS NULL
                            AND (EXISTS (SELECT 1 FROM signup s WHERE s.signup_id = e.subject_id)
                              OR EXISTS (SELECT 1 FROM signup s WHERE s.subscriber_id = e.subject_id)
                              OR EXISTS (SELECT 1 FROM subscriber v WHERE v.subscriber_id = e.subject_id)
                              OR EXISTS (SELECT 1 FROM download_grant g
                                         WHERE g.subscriber_id = e.subject_id)) THEN 1
                          WHEN e.type = 'erased'
                            AND (EXISTS (SELECT 1 FROM consent_event o WHERE o.subject_id = e.subject_id
                                           AND o.type <> 'erased' AND o.body IS NOT NULL)
                              OR EXISTS (SELECT 1 FROM consent k WHERE k.subscriber_id = e.subject_id)
                              OR EXISTS (SELECT 1 FROM signup s WHERE s.subscriber_id = e.subject_id)
                              OR EXISTS (SELECT 1 FROM subscriber v WHERE v.subscriber_id = e.subject_id)
                              OR EXISTS (SELECT 1 FROM download_grant g
                                         WHERE g.subscriber_id = e.subject_id)) THEN 1 END,
                     p.leaf, CASE WHEN p.recorded_at > e.recorded_at THEN 1 END,
                     octet_length(e.type) + octet_length(e.purpose) + COALESCE(octet_length(e.body), 0)
                     + octet_length(e.leaf) + COALESCE(octet_length(c.source), 0)
                     + COALESCE(octet_length(r.slug), 0) + COALESCE(octet_length(u.email), 0)
                     + COALESCE(octet_length(p.leaf), 0)"
    };
    // Nothing is looked for under a key that is null, so what is not there by rule takes no time.
    (joined) => {
        " FROM consent_event e
          LEFT JOIN consent c ON e.type <> 'requested' AND c.subscriber_id = e.subject_id
                             AND c.purpose = e.purpose
          LEFT JOIN consent_event l ON l.event_id = NULLIF(c.event_id, e.event_id)
          LEFT JOIN consent_event p ON p.subject_id = e.subject_id AND p.seq = NULLIF(e.seq - 1, 0)
          LEFT JOIN subscriber u ON u.subscriber_id = c.subscriber_id
          LEFT JOIN report r ON r.report_id = c.report_id
          WHERE "
    };
}

/// The events with places from `from` up to before `to`, in order, to be read.
pub async fn list_sealed(tx: &mut Tx, from: i64, to: i64) -> sqlx::Result<EventRows> {
    const LIST: Sql = rows!("e.leaf_index >= $1 AND e.leaf_index < $2");
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(from).bind(to).fetch_one(conn).await)
        .map(EventRows)
}

/// The erasures behind the first `size` leaves, or that still wait for their place, to be read.
pub async fn list_erased_since(tx: &mut Tx, size: i64) -> sqlx::Result<EventRows> {
    const LIST: Sql = rows!(
        "e.event_id IN (SELECT event_id FROM consent_event WHERE type = 'erased' AND leaf_index >= $1
                        UNION ALL
                        SELECT event_id FROM consent_event WHERE type = 'erased' AND leaf_index IS NULL)"
    );
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(size).fetch_one(conn).await)
        .map(EventRows)
}

/// All events of one subject, to be read.
pub async fn list_of(tx: &mut Tx, subject_id: Uuid) -> sqlx::Result<EventRows> {
    const LIST: Sql = rows!("e.subject_id = $1");
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(subject_id).fetch_one(conn).await)
        .map(EventRows)
}

/// The first `count` events that wait for their place, to be read.
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
    /// Reads them, in the order of their places, and the places of those that are not as this program writes
    /// them; apart from the query, so that it can happen on another thread.
    #[must_use]
    pub fn read(&self) -> (Vec<EventRow<'_>>, Vec<Option<i64>>) {
        let (mut rows, mut unreadable) = (vec![], vec![]);
        for text in self.0.as_deref().unwrap_or_default().split_terminator('\u{1e}') {
            match row(text) {
                Some(row) => rows.push(row),
                None => unreadable.push(text.split('\u{1f}').next().and_then(number)),
            }
        }
        // The database would write them to disk to sort them, though they come sorted as a rule.
        rows.sort_by_key(|row| row.leaf_index);
        (rows, unreadable)
    }
}

fn row(text: &str) -> Option<EventRow<'_>> {
    let mut fields = text.split('\u{1f}');
    let mut next = || fields.next();
    let row = EventRow {
        leaf_index: known(next()?, number)?,
        event_id: id(next()?)?,
        subject_id: id(next()?)?,
        seq: number(next()?)?,
        signup_id: known(next()?, id)?,
        subscriber_id: known(next()?, id)?,
        recorded_at: known(next()?, moment)?,
        event_type: EventType::named(next()?)?,
        purpose: next()?.parse().ok()?,
        body: filled(next()?),
        salt: hex(next()?),
        leaf: next()?,
        mac: hex(next()?),
        context_sha256: hex(next()?),
        notice_id: known(next()?, id)?,
        policy_version_id: known(next()?, id)?,
        ground: match next()? {
            "" => Ground::None,
            "1" => Ground::This,
            _ => Ground::Another,
        },
        standing: StoredConsent {
            state: known(next()?, EventType::named)?,
            same_words: next()? == "1",
            same_policy: next()? == "1",
            requested_at: known(next()?, moment)?,
            confirmed_at: known(next()?, moment)?,
            source: filled(next()?),
            report: filled(next()?),
            report_id: known(next()?, id)?,
            mac: hex(next()?),
            email: filled(next()?),
            address_key: hex(next()?),
            subscriber_mac: hex(next()?),
        },
        ahead: known(next()?, number)?,
        newest: next()? == "1",
        left_over: next()? == "1",
        previous: filled(next()?),
        runs_back: next()? == "1",
    };
    let length = fields.next().and_then(number)?;
    let StoredConsent { source, report, email, .. } = &row.standing;
    let texts = [row.body, *source, *report, *email, row.previous];
    let texts = texts.into_iter().flatten().map(str::len).sum::<usize>();
    let read = texts + row.event_type.as_str().len() + row.purpose.as_str().len() + row.leaf.len();
    (usize::try_from(length) == Ok(read) && fields.next().is_none()).then_some(row)
}

/// A field that may be empty, for nothing; the outer `None` when it is neither that nor readable.
#[expect(clippy::option_option, reason = "nothing and unreadable are two things")]
fn known<T>(field: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if field.is_empty() { Some(None) } else { read(field).map(Some) }
}

fn number(field: &str) -> Option<i64> {
    field.parse().ok()
}

fn id(field: &str) -> Option<Uuid> {
    Uuid::try_parse(field).ok()
}

fn moment(field: &str) -> Option<Timestamp> {
    number(field).map(Timestamp::from_micros)
}

fn filled(field: &str) -> Option<&str> {
    (!field.is_empty()).then_some(field)
}

fn hex(field: &str) -> Option<Hex<'_>> {
    filled(field).map(Hex)
}

/// How many events and records have a place.
pub async fn count_sealed(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM consent_event WHERE leaf_index IS NOT NULL)
              + (SELECT count(*) FROM ledger_record WHERE leaf_index IS NOT NULL)"
    )
    .fetch_one(conn)
    .await)
}

/// The tiles of one level from `from` up to before `to`, in order.
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

/// Whether the event at this place has a body.
pub async fn has_body(tx: &mut Tx, leaf_index: i64) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM consent_event WHERE leaf_index = $1 AND body IS NOT NULL)"
    )
    .bind(leaf_index)
    .fetch_one(conn)
    .await)
}

/// Whether an erasure or a record stands behind the first `size` leaves, or waits for its place.
pub async fn is_told_since(tx: &mut Tx, size: i64) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM consent_event
                        WHERE type = 'erased' AND (leaf_index >= $1 OR leaf_index IS NULL))
             OR EXISTS (SELECT 1 FROM ledger_record WHERE leaf_index >= $1 OR leaf_index IS NULL)",
        )
        .bind(size)
        .fetch_one(conn)
        .await
    })
}

/// Where a run that came to its end began, and what it held, as its row says.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RunPlace {
    /// Its key.
    pub export_run_id: Uuid,
    /// The ledger's place at its moment.
    pub ledger_cursor: Option<i64>,
    /// That moment.
    pub started_at: Option<Timestamp>,
    /// How many contacts it held.
    pub rows_done: i64,
    /// SHA-256 of its bytes.
    pub sha256: Option<String>,
}

/// Where all runs began that came to their end.
pub async fn list_places(tx: &mut Tx) -> sqlx::Result<Vec<RunPlace>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT export_run_id, ledger_cursor, started_at, rows_done, sha256 FROM export_run
         WHERE state IN ('done', 'expired')"
    )
    .fetch_all(conn)
    .await)
}
