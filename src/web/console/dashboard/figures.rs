//! The figures of one span, counted now and then: over a year of a million signups that takes seconds, so
//! pages are given a copy that says when it was made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::span::{Span, midnight};
use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;
use crate::store::Db;
use crate::store::figures::{
    Domain, FormCount, FormDay, Today, count_bounced, count_by_form_and_day, count_downloaded,
    count_mailed, count_today, list_domains,
};

/// How old a copy may be before it is made anew; or twenty times what making it took, if that is longer.
const MAX_AGE: Duration = Duration::from_secs(30);
/// How long a page waits for figures when there is no copy at all, before it is shown without.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it waits when there is an older copy.
const PATIENCE_WITH_COPY: Duration = Duration::from_millis(250);
/// How many domains are listed.
const DOMAINS: i64 = 10;

/// Everything that is counted of one span.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    /// As of when.
    pub counted_at: Timestamp,
    pub today: Today,
    pub days: Vec<FormDay>,
    pub mailed: Vec<FormCount>,
    pub bounced: Vec<FormCount>,
    pub downloaded: Vec<FormCount>,
    pub domains: Vec<Domain>,
}

impl Figures {
    async fn count(db: &Db, now: Timestamp, span: Span) -> sqlx::Result<Self> {
        let since = span.since(now);
        let mut tx = db.read().await?;
        Ok(Self {
            counted_at: now,
            today: count_today(&mut tx, now, midnight(now)).await?,
            days: count_by_form_and_day(&mut tx, since).await?,
            mailed: count_mailed(&mut tx, since).await?,
            bounced: count_bounced(&mut tx, since).await?,
            downloaded: count_downloaded(&mut tx, since).await?,
            domains: list_domains(&mut tx, since, DOMAINS).await?,
        })
    }
}

/// How many of one form's signups were counted.
pub(super) fn of_form(counts: &[FormCount], report_id: Option<Uuid>) -> i64 {
    counts.iter().find(|count| count.report_id == report_id).map_or(0, |count| count.signups)
}

/// The copies, one for each span that was looked at.
#[derive(Clone)]
pub struct FiguresCache {
    db: Db,
    clock: Clock,
    copies: Arc<Mutex<HashMap<Span, Kept>>>,
    /// One span is counted at a time, so that looking never takes more than one connection.
    turn: Arc<Semaphore>,
}

#[derive(Default)]
struct Kept {
    made: Option<(Arc<Figures>, Duration)>,
    /// Told when the counting under way has ended.
    under_way: Option<watch::Receiver<()>>,
}

impl FiguresCache {
    /// An empty cache over this database.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, copies: Arc::default(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// The figures of a span, no older than they may be, if they can be had within a moment; else an older
    /// copy, or none while they are counted for the first time.
    pub(super) async fn get(&self, span: Span) -> Option<Arc<Figures>> {
        let (older, mut ended) = {
            let mut copies = self.lock();
            let copy = copies.entry(span).or_default();
            let older = copy.made.as_ref();
            if let Some((figures, took)) = older
                && self.is_fresh(figures.counted_at, *took)
            {
                return Some(figures.clone());
            }
            let older = older.map(|(figures, _)| figures.clone());
            let running = copy.under_way.clone();
            (older, running.unwrap_or_else(|| self.start(span, copy)))
        };
        let patience = if older.is_some() { PATIENCE_WITH_COPY } else { PATIENCE };
        // An error is that the counting has ended, too.
        let _ = tokio::time::timeout(patience, ended.changed()).await;
        let made =
            self.lock().get(&span).and_then(|copy| copy.made.as_ref().map(|(f, _)| f.clone()));
        made.or(older)
    }

    fn is_fresh(&self, counted_at: Timestamp, took: Duration) -> bool {
        let now = self.clock.now();
        // A clock that was set back makes no copy last.
        counted_at <= now && now < counted_at.plus(MAX_AGE.max(took * 20))
    }

    fn start(&self, span: Span, copy: &mut Kept) -> watch::Receiver<()> {
        let (end, ended) = watch::channel(());
        copy.under_way = Some(ended.clone());
        let cache = self.clone();
        tokio::spawn(async move {
            let counted = cache.count(span).await;
            let mut copies = cache.lock();
            let copy = copies.entry(span).or_default();
            copy.under_way = None;
            match counted {
                Ok(made) => copy.made = Some(made),
                Err(error) => tracing::error!(error = ?error, "figures could not be counted"),
            }
            drop(copies);
            drop(end);
        });
        ended
    }

    async fn count(&self, span: Span) -> sqlx::Result<(Arc<Figures>, Duration)> {
        let _turn = self.turn.acquire().await;
        let begun = Instant::now();
        let figures = Figures::count(&self.db, self.clock.now(), span).await?;
        Ok((Arc::new(figures), begun.elapsed()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Span, Kept>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
