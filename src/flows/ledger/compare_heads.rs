//! Where the database stands beside the heads that are kept outside it: a database that went back in time, or a
//! copy that went on by itself, must neither sign nor hand out anything until somebody says so.

use std::fmt;

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;

use crate::domain::alarm::LEDGER;
use crate::flows::ledger::check_epoch::is_said;
use crate::flows::ledger::hold_heads::{find_foreign, is_held};
use crate::flows::mail::pause_mail::pause_mail;
use crate::flows::raise_alarm::raise;
use crate::flows::{Error, FlowSettings};
use crate::outside::{Head, Outside};
use crate::random::Moment;
use crate::store::Db;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::ledger::epochs::{self, LedgerPlace};

/// Where the database stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerState {
    /// At the newest head known.
    Level,
    /// Its newest head is not kept outside yet, and belongs behind the one of this size.
    Unkept(u64, Head),
    /// Before the newest head known: it went back in time.
    Behind {
        /// The newest head known.
        known: Head,
        /// How many leaves have their place here.
        size: i64,
    },
    /// Another head was signed than those here, over other entries: one of the two is of a copy.
    Beside {
        /// The head that is known.
        known: Head,
        /// How many leaves have their place here.
        size: i64,
    },
    /// It says that the ledger went on after a loss, and has no head that was signed then.
    Pretended {
        /// The newest head known.
        known: Option<Head>,
        /// How many leaves have their place here.
        size: i64,
    },
    /// Heads were kept outside, and none of them is left.
    Lost {
        /// How many leaves have their place here.
        size: i64,
    },
}

impl LedgerState {
    /// Whether the ledger may go on.
    #[must_use]
    pub fn is_level(&self) -> bool {
        matches!(self, Self::Level | Self::Unkept(..))
    }

    /// The newest head known, where this is not it.
    #[must_use]
    pub fn known(&self) -> Option<&Head> {
        match self {
            Self::Behind { known, .. } | Self::Beside { known, .. } => Some(known),
            Self::Pretended { known, .. } => known.as_ref(),
            Self::Level | Self::Unkept(..) | Self::Lost { .. } => None,
        }
    }
}

/// A sentence that says what is missing and what to do.
impl fmt::Display for LedgerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ACT: &str = "nothing is signed, exported or mailed until the newest database is back, or \
                           `assent ledger resume` goes on from this one";
        match self {
            Self::Level | Self::Unkept(..) => f.write_str("the ledger stands at its newest head"),
            Self::Behind { known, size } => {
                let (origin, newest) = (&known.note.checkpoint().origin, known.size());
                write!(
                    f,
                    "the database is behind: the newest head known of {origin} covers {newest} \
                           entries, and this ledger has {size}; {ACT}"
                )
            }
            Self::Beside { known, size } => {
                let (origin, newest) = (&known.note.checkpoint().origin, known.size());
                write!(
                    f,
                    "the database is beside its ledger: another head of {origin} was signed, which \
                           covers {newest} entries and leads elsewhere than the {size} here; {ACT}"
                )
            }
            Self::Pretended { known, size } => {
                write!(
                    f,
                    "the database says that its ledger went on after a loss, and none of its {size} entries \
                     was signed so"
                )?;
                if let Some(known) = known {
                    let (origin, newest) = (&known.note.checkpoint().origin, known.size());
                    write!(f, "; the newest head known of {origin} covers {newest} entries")?;
                }
                write!(f, ": {ACT}")
            }
            Self::Lost { size } => write!(
                f,
                "the heads that were kept outside the database are gone, and with them the proof that its \
                 {size} entries are the newest; {ACT}"
            ),
        }
    }
}

/// What the database says of itself.
pub(in crate::flows) struct Here {
    pub place: LedgerPlace,
    /// The last few heads of the epoch that the newest one was signed in, newest first.
    heads: Vec<(StoredCheckpoint, Head)>,
    /// Whether the ledger itself says that it is in the epoch that the database names.
    is_said: bool,
}

impl Here {
    /// Reads it. What stands among the heads and is none is passed over: a check names it.
    pub async fn read(db: &Db, keys: &LedgerKeys) -> Result<Self, Error> {
        let mut tx = db.read().await?;
        let place = epochs::find_place(&mut tx).await?;
        let heads = epochs::list_newest(&mut tx).await?.into_iter().filter_map(|stored| {
            let head = Head::parse(&stored.note, keys)?;
            (i64::try_from(head.size()) == Ok(stored.size)).then_some((stored, head))
        });
        let mut heads: Vec<(StoredCheckpoint, Head)> = heads.collect();
        // Where an epoch begins, the heads tell: rows are written by whoever holds the database.
        if let Some(epoch) = heads.first().map(|(_, head)| head.epoch) {
            heads.retain(|(_, head)| head.epoch == epoch);
        }
        let is_said = is_said(&mut tx, keys, &place).await?;
        Ok(Self { place, heads, is_said })
    }

    /// The newest one, as it is stored and as it was signed.
    pub fn newest(&self) -> Option<&(StoredCheckpoint, Head)> {
        self.heads.first()
    }

    /// How many leaves the head of this place covers, 0 being the newest; none are before the first.
    pub fn size_of(&self, at: usize) -> u64 {
        self.heads.get(at).map_or(0, |(_, head)| head.size())
    }

    /// What makes another head newer than those here.
    fn rank(&self) -> (Epoch, u64) {
        (self.place.epoch, self.size_of(0))
    }

    /// Where the database stands that does not hold this head.
    fn missing(&self, known: Head) -> LedgerState {
        let size = self.place.size;
        if known.rank() > self.rank() {
            LedgerState::Behind { known, size }
        } else {
            LedgerState::Beside { known, size }
        }
    }
}

/// How far it is looked outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Where the newest head here stands, and right behind it.
    Quick,
    /// At all heads known, too: what lies between may have been taken away, or stand beside the ledger.
    Whole,
}

/// Compares the database with what is kept outside.
///
/// # Errors
/// When either cannot be read.
pub async fn compare_heads(db: &Db, keys: &LedgerKeys) -> Result<LedgerState, Error> {
    look(db, keys, Look::Whole).await
}

async fn look(db: &Db, keys: &LedgerKeys, how: Look) -> Result<LedgerState, Error> {
    loop {
        let here = Here::read(db, keys).await?;
        let mut standing = match find_forgotten(db, &here).await? {
            Some(standing) => standing,
            None => compare(db, &here).await?,
        };
        if how == Look::Whole && standing.is_level() {
            standing = hold_all(db, &here).await?.unwrap_or(standing);
        }
        // Whoever sealed meanwhile made what is outside newer than what was read here.
        let place = epochs::find_place(&mut db.read().await?).await?;
        if standing.is_level() || place == here.place {
            remember(db, &here, &standing).await?;
            return Ok(standing);
        }
    }
}

/// What this process saw the database stand level with, and the database knows no more.
async fn find_forgotten(db: &Db, here: &Here) -> Result<Option<LedgerState>, Error> {
    let Some(seen) = db.outside().seen().filter(|seen| seen.epoch >= here.place.epoch) else {
        return Ok(None);
    };
    if here.heads.iter().any(|(_, head)| is_same(head, &seen)) {
        return Ok(None);
    }
    if let Some((_, newest)) = here.newest()
        && newest.epoch == seen.epoch
        && is_held(&mut db.read().await?, &seen, newest).await?
    {
        return Ok(None);
    }
    let known = db.outside().newest_head().await?;
    Ok(Some(here.missing(known.filter(|known| known.rank() > seen.rank()).unwrap_or(seen))))
}

/// This process remembers at which head the database stood level. Where it does not any more and nothing else says so,
/// the head is kept outside once more, for others to see.
async fn remember(db: &Db, here: &Here, standing: &LedgerState) -> Result<(), Error> {
    let outside = db.outside();
    if let (LedgerState::Level, Some((_, head))) = (standing, here.newest()) {
        outside.see(head);
    }
    if let (Some(known), Some(seen)) = (standing.known(), outside.seen())
        && is_same(known, &seen)
        && !here.heads.iter().any(|(_, head)| is_same(head, &seen))
    {
        let after = if seen.epoch == here.place.epoch { here.size_of(0) } else { 0 };
        // Where another one stands, that one says so.
        let _is_there = outside.keep_head(after, &seen).await?;
    }
    Ok(())
}

/// Holds all heads known outside against the tree.
async fn hold_all(db: &Db, here: &Here) -> Result<Option<LedgerState>, Error> {
    let Some((_, newest)) = here.newest() else { return find_newer(db, here).await };
    let foreign = find_foreign(db, newest, here.size_of(1)).await?;
    Ok(foreign.map(|known| here.missing(known)))
}

/// Behind the newest head known, where that is newer than the newest one here.
async fn find_newer(db: &Db, here: &Here) -> Result<Option<LedgerState>, Error> {
    let known = db.outside().newest_head().await?;
    let newer = known.filter(|known| known.rank() > here.rank());
    Ok(newer.map(|known| LedgerState::Behind { known, size: here.place.size }))
}

async fn compare(db: &Db, here: &Here) -> Result<LedgerState, Error> {
    let (outside, LedgerPlace { size, epoch, .. }) = (db.outside(), here.place);
    if let Some(follows) = find_follower(outside, epoch, here.size_of(0)).await? {
        let behind = find_newer(db, here).await?;
        return Ok(behind.unwrap_or(LedgerState::Beside { known: follows, size }));
    }
    let Some(newest) = here.newest() else {
        let known = outside.newest_head().await?;
        // Whoever goes on after a loss signs a head at once.
        return Ok(match known {
            known if epoch != Epoch::FIRST => LedgerState::Pretended { known, size },
            Some(known) => LedgerState::Behind { known, size },
            None => LedgerState::Level,
        });
    };
    if newest.1.epoch != epoch || !here.is_said {
        return Ok(LedgerState::Pretended { known: outside.newest_head().await?, size });
    }
    match find_stand(db, here, &newest.1).await? {
        Stand::Own(before, stands) => compare_own(db, here, newest, (before, stands)).await,
        Stand::Other(known) => Ok(LedgerState::Beside { known, size }),
    }
}

/// What stands outside where the newest head here belongs.
enum Stand {
    /// Behind the head of this size, it or nothing, in each of both places.
    Own(u64, [bool; 2]),
    /// Another one, in either: the newest one known.
    Other(Head),
}

async fn find_stand(db: &Db, here: &Here, head: &Head) -> Result<Stand, Error> {
    let outside = db.outside();
    let mut before = here.size_of(1);
    loop {
        let stand = outside.heads_after(here.place.epoch, before).await?;
        match stand.iter().flatten().find(|stands| !is_same(stands, head)) {
            None => return Ok(Stand::Own(before, stand.map(|stands| stands.is_some()))),
            // One in the middle, which the database has lost: a check names it.
            Some(middle)
                if middle.size() > before
                    && middle.size() < head.size()
                    && is_held(&mut db.read().await?, middle, head).await? =>
            {
                before = middle.size();
            }
            Some(other) => {
                // Whoever signed it went on, perhaps, and the newest is what is missing here.
                let newest = outside.newest_head().await?.filter(|newest| !is_same(newest, head));
                return Ok(Stand::Other(newest.unwrap_or_else(|| other.clone())));
            }
        }
    }
}

/// Compares where no other head stands in the place of the newest one here, which is behind the one of the size
/// `before`.
async fn compare_own(
    db: &Db,
    here: &Here,
    (newest, head): &(StoredCheckpoint, Head),
    (before, stands): (u64, [bool; 2]),
) -> Result<LedgerState, Error> {
    let (outside, LedgerPlace { size, epoch, kept, .. }) = (db.outside(), here.place);
    let is_kept_here = kept.is_some_and(|kept| kept >= newest.size);
    match stands {
        [true, true] if is_kept_here => return Ok(LedgerState::Level),
        [false, false] => {}
        _ => return Ok(LedgerState::Unkept(before, head.clone())),
    }
    // Where the head before it stands, nothing is newer: it would follow that one.
    if before == here.size_of(1) && is_kept(outside, here, 1).await? {
        return Ok(LedgerState::Unkept(before, head.clone()));
    }
    match outside.newest_head().await? {
        None if is_kept_here => Ok(LedgerState::Lost { size }),
        Some(known) if known.rank() > here.rank() => Ok(LedgerState::Behind { known, size }),
        Some(known)
            if known.epoch == epoch && !is_held(&mut db.read().await?, &known, head).await? =>
        {
            Ok(LedgerState::Beside { known, size })
        }
        _ => Ok(LedgerState::Unkept(before, head.clone())),
    }
}

/// Whether the head of this place, 0 being the newest, stands in both places behind the one before it.
async fn is_kept(outside: &Outside, here: &Here, at: usize) -> Result<bool, Error> {
    let Some((_, head)) = here.heads.get(at) else { return Ok(false) };
    let stand = outside.heads_after(head.epoch, here.size_of(at + 1)).await?;
    Ok(stand.iter().all(|stands| stands.as_ref().is_some_and(|stands| is_same(stands, head))))
}

/// The head of somebody who went on from the one of this size, or began a later epoch.
async fn find_follower(outside: &Outside, epoch: Epoch, size: u64) -> Result<Option<Head>, Error> {
    let next = outside.heads_after(epoch, size).await?;
    let later = outside.heads_after(epoch.next(), 0).await?;
    Ok(next.into_iter().chain(later).flatten().next())
}

fn is_same(one: &Head, other: &Head) -> bool {
    one.note.checkpoint() == other.note.checkpoint()
}

/// Keeps the newest head outside if it is not yet; then anybody may see it. The first time in a process, and each minute
/// or dozen of heads, all that is known outside is looked at; else, for this is done all the time, only what lies right
/// behind the newest head.
///
/// # Errors
/// [`Error::NotLevel`] when the ledger may not go on, and when something cannot be read or written.
pub async fn keep_newest(db: &Db, settings: &FlowSettings) -> Result<(), Error> {
    loop {
        let how = if db.outside().is_compared() { Look::Quick } else { Look::Whole };
        let standing = look(db, &settings.ledger_keys, how).await?;
        if standing.is_level() && how == Look::Whole {
            db.outside().mark_compared();
        }
        let LedgerState::Unkept(after, head) = &standing else { return demand(&standing) };
        if db.outside().keep_head(*after, head).await? {
            let size = i64::try_from(head.size()).map_err(|_| Error::Tree)?;
            db.run(|tx| Box::pin(epochs::mark_kept(tx, size))).await?;
            db.outside().see(head);
            return Ok(());
        }
        // Somebody put another one there meanwhile, which the next look sees.
    }
}

/// Refuses what must not happen while the ledger may not go on.
///
/// # Errors
/// [`Error::NotLevel`] then, and when something cannot be read.
pub async fn demand_level(db: &Db, settings: &FlowSettings) -> Result<(), Error> {
    demand(&compare_heads(db, &settings.ledger_keys).await?)
}

fn demand(standing: &LedgerState) -> Result<(), Error> {
    if standing.is_level() { Ok(()) } else { Err(Error::NotLevel(standing.to_string())) }
}

/// Writes down that the ledger may not go on, and keeps all mail back until somebody says otherwise.
pub async fn tell_not_level(db: &Db, at: &Moment, why: &str) -> Result<(), Error> {
    let told = db.run(|tx| {
        Box::pin(async {
            let paused = pause_mail(tx, at, why).await?;
            Ok::<_, Error>(raise(tx, at, LEDGER, why).await? || paused)
        })
    });
    if told.await? {
        tracing::error!(subject = LEDGER, detail = why, "the ledger may not go on");
    }
    Ok(())
}
