//! What people ended, and the database does not know any more, ends again: after a back-up was restored or a
//! standby took over that had not seen it. An ending ends only what is older than itself: who came back after
//! it stays.

use super::erase::erase;
use super::record_consent::{End, end};
use super::{Error, Terms};
use crate::domain::consent::EventType;
use crate::domain::purpose::Purpose;
use crate::domain::signup::Method;
use crate::outside::Endings;
use crate::random::Moment;
use crate::store::consents::{self, Standing};
use crate::store::endings::{self, Known};
use crate::store::{Db, subscribers, suppressions};

/// How many endings one transaction looks at: few enough that nobody waits long for it.
const AT_ONCE: usize = 1000;

/// Where these endings come from, as their events say.
const SOURCE: &str = "kept outside the database";

/// What had to be ended again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Consents.
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

/// Ends again what the database lacks of these; safe to run by several replicas at once.
///
/// # Errors
/// When the database does not take it; what was done before stays done.
pub async fn replay_endings(
    db: &Db,
    terms: &Terms,
    at: &Moment,
    known: &Endings,
) -> Result<Replayed, Error> {
    let mut all = Replayed::default();
    let rows: Vec<Known> = known.iter().map(|(scope, newest)| Known::of(scope, newest)).collect();
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
    for (subscriber_id, purpose) in endings::list_unwithdrawn(&mut tx, some).await? {
        let Some(subscriber) = subscribers::lock(&mut tx, subscriber_id).await? else { continue };
        let standing = consents::list(&mut tx, subscriber_id).await?;
        let ending: Vec<&Standing> = standing.iter().filter(|s| s.purpose == purpose).collect();
        let by = End { event_type: EventType::Withdrawn, method: by.0, source: by.1 };
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
