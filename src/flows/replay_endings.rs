//! What people ended, and the database does not know any more, ends again: after a back-up was restored or a
//! standby took over that had not seen it. An ending ends only what is older than itself: who came back after
//! it stays.

use std::collections::HashMap;

use super::erase::erase;
use super::record_consent::{End, end};
use super::{Error, Terms};
use crate::domain::consent::EventType;
use crate::domain::evidence_key::EvidenceKey;
use crate::domain::purpose::Purpose;
use crate::domain::signup::Method;
use crate::domain::timestamp::Timestamp;
use crate::outside::{SETTLED, Scope};
use crate::random::Moment;
use crate::store::consents::{self, Standing};
use crate::store::endings::{self, Known, Unwithdrawn};
use crate::store::subscribers::Subscriber;
use crate::store::{Db, subscribers, suppressions};

/// How many endings one transaction looks at: few enough that nobody waits long for it.
const AT_ONCE: usize = 1000;

/// Where these endings come from, as their events say.
const SOURCE: &str = "kept outside the database";

/// What had to be ended again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Consents, those that ran out among them.
    pub withdrawn: usize,
    /// People.
    pub erased: usize,
    /// Other reasons not to write to somebody.
    pub suppressed: usize,
}

impl Replayed {
    /// Whether the database knew all of it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Goes through what is known outside, again and again: what other replicas noted comes there while the program runs,
/// and so does what was noted and then not committed.
#[derive(Debug, Default)]
pub struct Replay {
    /// How much of it was compared with the database.
    number: u64,
    /// What may still be under way.
    under_way: Vec<Scope>,
}

impl Replay {
    /// Ends again what the database lacks of all endings that came since the last time: before anything is exported
    /// or mailed. Safe to run by several replicas at once.
    ///
    /// # Errors
    /// When the file or the database does not answer; what was done before stays done, and the next time begins where
    /// this one did.
    pub async fn all(&mut self, db: &Db, terms: &Terms, at: &Moment) -> Result<Replayed, Error> {
        self.go_on(db, terms, at, |_| true).await
    }

    /// The same while others work: what may be under way at this moment waits.
    ///
    /// # Errors
    /// As [`Replay::all`].
    pub async fn settled(
        &mut self,
        db: &Db,
        terms: &Terms,
        at: &Moment,
    ) -> Result<Replayed, Error> {
        let since = at.now.minus(SETTLED);
        self.go_on(db, terms, at, |ended| ended < since).await
    }

    async fn go_on(
        &mut self,
        db: &Db,
        terms: &Terms,
        at: &Moment,
        is_due: impl Fn(Timestamp) -> bool,
    ) -> Result<Replayed, Error> {
        let endings = db.outside().endings().await?;
        let mut known = endings.newer(self.number);
        // What these are about may have been lifted since, or have ended anew.
        known.extend(endings.only(self.under_way.iter().cloned()));
        // What ended by a link stands by each purpose as well.
        known.retain(|scope, _| !scope.reason.is_left());
        let (due, under_way): (HashMap<_, _>, HashMap<_, _>) =
            known.into_iter().partition(|(_, began)| is_due(began.at));
        let rows: Vec<Known> = due.iter().map(|(scope, began)| Known::of(scope, *began)).collect();
        let replayed = replay(db, terms, at, &rows).await?;
        *self = Self { number: endings.number(), under_way: under_way.into_keys().collect() };
        Ok(replayed)
    }
}

async fn replay(db: &Db, terms: &Terms, at: &Moment, rows: &[Known]) -> Result<Replayed, Error> {
    let mut all = Replayed::default();
    for some in rows.chunks(AT_ONCE) {
        let mut tx = db.read().await?;
        let lacks = !(endings::list_unwithdrawn(&mut tx, some).await?.is_empty()
            && endings::list_unerased(&mut tx, some).await?.is_empty()
            && endings::list_unsuppressed(&mut tx, some).await?.is_empty());
        drop(tx);
        if lacks {
            replay_some(db, terms, at, some, &mut all).await?;
        }
    }
    Ok(all)
}

async fn replay_some(
    db: &Db,
    terms: &Terms,
    at: &Moment,
    some: &[Known],
    all: &mut Replayed,
) -> Result<(), Error> {
    let mut tx = db.write().await?;
    tx.replay();
    let by = (Method::Program, SOURCE);
    for address_key in endings::list_unerased(&mut tx, some).await? {
        all.erased += usize::from(erase(&mut tx, at, terms, &address_key, by).await?);
    }
    for row in endings::list_unwithdrawn(&mut tx, some).await? {
        let Some(subscriber) = subscribers::lock(&mut tx, row.subscriber_id).await? else {
            continue;
        };
        let standing = consents::list(&mut tx, row.subscriber_id).await?;
        let ends = |s: &&Standing| s.purpose == row.purpose && may_end(terms, &subscriber, s, &row);
        let ending: Vec<&Standing> = standing.iter().filter(ends).collect();
        let event_type = if row.ran_out { EventType::Expired } else { EventType::Withdrawn };
        let by = End { event_type, method: by.0, source: by.1 };
        all.withdrawn += end(&mut tx, at, terms, &subscriber, &ending, by).await?.len();
    }
    for row in endings::list_unsuppressed(&mut tx, some).await? {
        let purpose: Option<Purpose> = row.purpose.parse().ok();
        let (key, reason) = (&row.address_key, row.reason);
        let new = suppressions::insert(&mut tx, row.began, key, reason, purpose.as_ref()).await?;
        all.suppressed += usize::from(new);
    }
    Ok(tx.commit().await?)
}

/// Whether a consent ends that seems older than its end. Where they came back since, only one that this program wrote
/// so: another hand may have made the newer one older, which nobody exports then, and the check names.
fn may_end(terms: &Terms, subscriber: &Subscriber, standing: &Standing, row: &Unwithdrawn) -> bool {
    let own = terms.evidence_key.consent(&standing.fields(subscriber));
    !row.lifted || EvidenceKey::agrees(row.mac.as_deref(), &own)
}
