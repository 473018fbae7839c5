//! Finding people: by words, by what they agreed to, by when they came, newest first and in bounded time
//! however many there are.
//!
//! Whatever narrows a search is looked at for how many it leaves, up to [`FEW`]. If one leaves few, these are
//! held against all the others, and the answer is exact. If none does, people are walked through newest
//! first, by the best order at hand, and no further than [`REACH`] in one go: then a search for what hardly
//! anybody has among what nearly everybody has ends early and says how far it got.

mod filter;

pub use filter::{ConsentFilter, SubscriberFilter};

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::store::contacts::search::filter::Source;
use crate::store::{Sql, Tx, on, suppresses_all};

/// Up to how many are counted.
pub const FEW: i64 = 5000;
/// How many are walked through for one page.
const REACH: usize = 3000;
/// The first stride of a walk, which mostly finds a page.
const STRIDE: usize = 250;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchPosition {
    /// The newest.
    First,
    /// Those who came before this one.
    OlderThan(Uuid),
    /// Those who came after this one.
    NewerThan(Uuid),
}

/// How many were found in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(i64),
    /// More than were counted.
    MoreThan(i64),
    /// Too many to count those who are among them.
    Unknown,
}

/// One page of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who, newest first.
    pub ids: Vec<Uuid>,
    /// Where older ones are looked for, if there may be any.
    pub older: Option<Uuid>,
    /// Where newer ones are looked for, if there may be any.
    pub newer: Option<Uuid>,
    /// How many in all.
    pub count: Count,
    /// Whether the search ended before the page was full or everybody looked at.
    pub cut_short: bool,
}

/// One page of the people that a filter leaves.
pub async fn search(
    tx: &mut Tx,
    filter: &SubscriberFilter,
    place: SearchPosition,
    at_once: usize,
) -> sqlx::Result<Found> {
    let mut fewest: Option<(i64, Source<'_>)> = None;
    for source in filter.sources() {
        let count = count(tx, filter, source).await?;
        if fewest.is_none_or(|(least, _)| count < least) {
            fewest = Some((count, source));
        }
    }
    match fewest {
        Some((least, source)) if least <= FEW => {
            Ok(page_of_few(&list_all(tx, filter, source).await?, place, at_once))
        }
        _ => walk(tx, filter, place, at_once).await,
    }
}

/// Begins a statement with those that a source names: their `subscriber_id`. A macro, for the builders of
/// the two drivers are two types.
macro_rules! push_source {
    ($query:ident, $filter:ident, $source:expr) => {
        match $source {
            Source::Beginning(word) => {
                $query.push("SELECT subscriber_id FROM subscriber_word WHERE word >= ");
                $query.push_bind(word.to_owned());
                $query.push(" AND word < ").push_bind(format!("{word}{}", char::MAX));
            }
            Source::Domain(domain) => {
                $query.push("SELECT subscriber_id FROM subscriber_word WHERE word = ");
                $query.push_bind(domain.to_owned());
            }
            Source::Report(report_id) => {
                $query.push("SELECT subscriber_id FROM consent WHERE report_id = ");
                $query.push_bind(report_id);
            }
            Source::State(purpose, state) => {
                $query.push("SELECT subscriber_id FROM consent WHERE purpose = ");
                $query.push_bind(purpose.clone()).push(" AND state = ").push_bind(state);
            }
            Source::Policy(policy_version_id) => {
                $query.push("SELECT subscriber_id FROM consent WHERE policy_version_id = ");
                $query.push_bind(policy_version_id);
            }
            Source::Purpose(purpose) => {
                $query.push("SELECT subscriber_id FROM consent WHERE purpose = ");
                $query.push_bind(purpose.clone());
            }
            Source::Suppressed => {
                $query.push(concat!(
                    "SELECT u.subscriber_id FROM suppression s
                     JOIN subscriber u ON u.address_key = s.address_key WHERE ",
                    suppresses_all!("s.reason")
                ));
            }
            Source::Everybody => {
                $query.push("SELECT subscriber_id FROM subscriber WHERE true");
                let (since, until) = $filter.bounds();
                push_bounds!($query, "subscriber_id", since, until);
            }
        }
    };
}

macro_rules! push_consent {
    ($query:ident, $consent:expr) => {{
        let mut and = "";
        if let Some(purpose) = &$consent.purpose {
            $query.push("purpose = ").push_bind(purpose.clone());
            and = " AND ";
        }
        if let Some(state) = $consent.state {
            $query.push(and).push("state = ").push_bind(state);
            and = " AND ";
        }
        if let Some(report_id) = $consent.report_id {
            $query.push(and).push("report_id = ").push_bind(report_id);
            and = " AND ";
        }
        if let Some(policy_version_id) = $consent.policy_version_id {
            $query.push(and).push("policy_version_id = ").push_bind(policy_version_id);
        }
    }};
}

macro_rules! push_bounds {
    ($query:ident, $column:literal, $from:expr, $below:expr) => {
        if let Some(from) = $from {
            $query.push(concat!(" AND ", $column, " >= ")).push_bind(from);
        }
        if let Some(below) = $below {
            $query.push(concat!(" AND ", $column, " < ")).push_bind(below);
        }
    };
}

/// All that a filter asks of a subscriber `u`.
macro_rules! push_checks {
    ($query:ident, $filter:ident, $position:ident) => {
        $query.push("true");
        for sought in &$filter.sought {
            $query.push(" AND ").push($position).push("(u.words, ");
            $query.push_bind(sought.within_kept()).push(") > 0");
        }
        if $filter.consent != ConsentFilter::default() {
            $query.push(
                " AND EXISTS (SELECT 1 FROM consent c WHERE c.subscriber_id = u.subscriber_id AND ",
            );
            push_consent!($query, $filter.consent);
            $query.push(")");
        }
        if let Some(suppressed) = $filter.suppressed {
            $query.push(if suppressed { " AND EXISTS" } else { " AND NOT EXISTS" });
            $query.push(concat!(
                " (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key AND ",
                suppresses_all!("s.reason"),
                ")"
            ));
        }
        let (since, until) = $filter.bounds();
        push_bounds!($query, "u.subscriber_id", since, until);
        push_bounds!($query, "u.created_at", $filter.since, $filter.until);
    };
}

/// Where a text stands in another.
const POSITION: Sql = Sql { sqlite: "instr", postgres: "strpos" };

/// How many people there are.
pub async fn count_all(tx: &mut Tx) -> sqlx::Result<Count> {
    let all = count(tx, &SubscriberFilter::default(), Source::Everybody).await?;
    Ok(if all > FEW { Count::MoreThan(FEW) } else { Count::Exactly(all) })
}

/// How many rows a source has, at most one more than [`FEW`].
async fn count(tx: &mut Tx, filter: &SubscriberFilter, source: Source<'_>) -> sqlx::Result<i64> {
    on!(tx, |conn| {
        let mut query = QueryBuilder::new("SELECT count(*) FROM (");
        match source {
            // Whether they are subscribers is found out for few alone.
            Source::Suppressed => {
                query.push(concat!("SELECT 1 FROM suppression WHERE ", suppresses_all!("reason")));
            }
            source => push_source!(query, filter, source),
        }
        query.push(" LIMIT ").push_bind(FEW + 1).push(") AS found");
        query.build_query_scalar().fetch_one(conn).await
    })
}

/// All whom a source with few leaves and for whom the rest holds, newest first.
async fn list_all(
    tx: &mut Tx,
    filter: &SubscriberFilter,
    source: Source<'_>,
) -> sqlx::Result<Vec<Uuid>> {
    let mut all: Vec<Uuid> = on!(tx, POSITION, |conn, position| {
        let mut query = QueryBuilder::new("SELECT u.subscriber_id FROM (");
        push_source!(query, filter, source);
        query.push(") AS few JOIN subscriber u ON u.subscriber_id = few.subscriber_id WHERE ");
        push_checks!(query, filter, position);
        query.push(" ORDER BY u.subscriber_id DESC");
        query.build_query_scalar().fetch_all(conn).await
    })?;
    all.dedup();
    Ok(all)
}

fn page_of_few(all: &[Uuid], place: SearchPosition, at_once: usize) -> Found {
    let (begin, at) = match place {
        SearchPosition::First => (0, None),
        SearchPosition::OlderThan(id) => (all.partition_point(|other| *other >= id), Some(id)),
        SearchPosition::NewerThan(id) => {
            (all.partition_point(|other| *other > id).saturating_sub(at_once), Some(id))
        }
    };
    let end = all.len().min(begin + at_once);
    let ids = all.get(begin..end).unwrap_or_default().to_vec();
    Found {
        older: (end < all.len()).then(|| ids.last().copied()).flatten(),
        newer: (begin > 0).then(|| ids.first().copied().or(at)).flatten(),
        count: Count::Exactly(i64::try_from(all.len()).unwrap_or(i64::MAX)),
        cut_short: false,
        ids,
    }
}

/// Walks from a place until the page is full, everybody was looked at, or it went far enough.
async fn walk(
    tx: &mut Tx,
    filter: &SubscriberFilter,
    place: SearchPosition,
    at_once: usize,
) -> sqlx::Result<Found> {
    let (mut from, backwards) = match place {
        SearchPosition::First => (None, false),
        SearchPosition::OlderThan(id) => (Some(id), false),
        SearchPosition::NewerThan(id) => (Some(id), true),
    };
    let (mut ids, mut looked, mut ended): (Vec<Uuid>, usize, bool) = (vec![], 0, false);
    while ids.len() <= at_once && !ended && looked < REACH {
        let stride = if looked == 0 { STRIDE } else { REACH - looked };
        let seen = stride_from(tx, filter, (from, backwards), stride).await?;
        ids.extend(seen.iter().filter(|(_, fits)| *fits).map(|(id, _)| *id));
        ids.dedup();
        ended = seen.len() < stride;
        looked += seen.len();
        from = seen.last().map(|(id, _)| *id).or(from);
    }
    let full = ids.len() > at_once;
    ids.truncate(at_once);
    // Where the next page in this direction begins.
    let onward = if full { ids.last().copied() } else { from.filter(|_| !ended) };
    let back = (place != SearchPosition::First).then(|| ids.first().copied().or(from)).flatten();
    let count = if filter.is_counted() { Count::MoreThan(FEW) } else { Count::Unknown };
    let cut_short = !full && !ended;
    let (older, newer) = if backwards { (back, onward) } else { (onward, back) };
    if backwards {
        ids.reverse();
    }
    Ok(Found { ids, older, newer, count, cut_short })
}

/// The next so many people from a place, and for whom of them all of the filter holds. Somebody may stand in
/// it twice in a row.
async fn stride_from(
    tx: &mut Tx,
    filter: &SubscriberFilter,
    (from, backwards): (Option<Uuid>, bool),
    stride: usize,
) -> sqlx::Result<Vec<(Uuid, bool)>> {
    let source = filter.sources().into_iter().find(|source| source.is_ordered());
    let source = source.unwrap_or(Source::Everybody);
    let stride = i64::try_from(stride).unwrap_or(i64::MAX);
    on!(tx, POSITION, |conn, position| {
        let mut query = QueryBuilder::new("SELECT u.subscriber_id, (");
        push_checks!(query, filter, position);
        query.push(") AS fits FROM (");
        push_source!(query, filter, source);
        if let Some(from) = from {
            query.push(if backwards { " AND subscriber_id > " } else { " AND subscriber_id < " });
            query.push_bind(from);
        }
        query.push(" ORDER BY subscriber_id ").push(if backwards { "ASC" } else { "DESC" });
        query.push(" LIMIT ").push_bind(stride);
        query.push(") AS next JOIN subscriber u ON u.subscriber_id = next.subscriber_id");
        query.push(" ORDER BY u.subscriber_id ").push(if backwards { "ASC" } else { "DESC" });
        query.build_query_as().fetch_all(conn).await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn few_are_paged_both_ways() {
        let all: Vec<Uuid> = (1..=7).rev().map(id).collect();
        let page = |place| {
            let found = page_of_few(&all, place, 3);
            let ids: Vec<u128> = found.ids.iter().map(Uuid::as_u128).collect();
            (ids, found.newer.is_some(), found.older.is_some())
        };
        assert_eq!(page(SearchPosition::First), (vec![7, 6, 5], false, true));
        assert_eq!(page(SearchPosition::OlderThan(id(5))), (vec![4, 3, 2], true, true));
        assert_eq!(page(SearchPosition::OlderThan(id(2))), (vec![1], true, false));
        assert_eq!(page(SearchPosition::NewerThan(id(1))), (vec![4, 3, 2], true, true));
        assert_eq!(page(SearchPosition::NewerThan(id(4))), (vec![7, 6, 5], false, true));
        // Those who went meanwhile leave the place as it was.
        assert_eq!(page(SearchPosition::OlderThan(id(0))), (vec![], true, false));
    }
}
