//! Where the database stands beside the heads that are kept outside it: a database that went back in time, or a
//! copy that went on by itself, must neither sign nor hand out anything until somebody says so.

use std::fmt;

use super::prove_consistency::prove_consistency;
use super::raise_alarm::raise;
use super::resume_mail::pause_mail;
use super::{Error, Terms};
use crate::domain::alarm::LEDGER;
use crate::ledger::epoch::Epoch;
use crate::ledger::keys::LedgerKeys;
use crate::ledger::tree::verify_consistency;
use crate::outside::{Head, Outside};
use crate::random::Moment;
use crate::store::Db;
use crate::store::checkpoints::StoredCheckpoint;
use crate::store::ledger_epochs::{self, Place};

/// Where the database stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
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
    /// Another head was signed where the newest one here stands: one of the two is of a copy.
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

impl Standing {
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
impl fmt::Display for Standing {
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
            Self::Pretended { size, .. } => write!(
                f,
                "the database says that its ledger went on after a loss, and none of its {size} entries was \
                 signed so: {ACT}"
            ),
            Self::Lost { size } => write!(
                f,
                "the heads that were kept outside the database are gone, and with them the proof that its \
                 {size} entries are the newest; {ACT}"
            ),
        }
    }
}

/// What the database says of itself.
struct Here {
    place: Place,
    newest: Option<(StoredCheckpoint, Head)>,
    /// The size of the head before it, in the same epoch.
    before: u64,
}

/// Reads it. What stands among the heads and is none is passed over: a check names it.
async fn find_here(db: &Db, keys: &LedgerKeys) -> Result<Here, Error> {
    let mut tx = db.read().await?;
    let place = ledger_epochs::find_place(&mut tx).await?;
    let mut heads = ledger_epochs::list_newest(&mut tx).await?.into_iter().filter_map(|stored| {
        let head = Head::parse(&stored.note, keys)?;
        (i64::try_from(head.size()) == Ok(stored.size)).then_some((stored, head))
    });
    let (newest, before) = (heads.next(), heads.next());
    Ok(Here { place, newest, before: before.map_or(0, |(_, before)| before.size()) })
}

/// Compares the database with what is kept outside.
///
/// # Errors
/// When either cannot be read.
pub async fn find_standing(db: &Db, keys: &LedgerKeys) -> Result<Standing, Error> {
    loop {
        let here = find_here(db, keys).await?;
        let place = here.place;
        let standing = compare(db, here).await?;
        // Whoever sealed meanwhile made what is outside newer than what was read here.
        if standing.is_level() || ledger_epochs::find_place(&mut db.read().await?).await? == place {
            return Ok(standing);
        }
    }
}

async fn compare(db: &Db, here: Here) -> Result<Standing, Error> {
    let (outside, Place { size, epoch, shown, .. }) = (db.outside(), here.place);
    let own = here.newest.as_ref().map_or(0, |(_, head)| head.size());
    if is_followed(outside, epoch, own).await?
        && let Some(known) = outside.newest_head().await?
    {
        return Ok(Standing::Behind { known, size });
    }
    let Some((newest, head)) = here.newest else {
        let known = outside.newest_head().await?;
        // Whoever goes on after a loss signs a head at once.
        return Ok(match known {
            known if epoch != Epoch::FIRST => Standing::Pretended { known, size },
            Some(known) => Standing::Behind { known, size },
            None => Standing::Level,
        });
    };
    if head.epoch != epoch {
        return Ok(Standing::Pretended { known: outside.newest_head().await?, size });
    }
    let mut before = here.before;
    let kept = loop {
        let kept = outside.heads_after(epoch, before).await?;
        match kept.iter().flatten().find(|kept| !is_same(kept, &head)) {
            None => break kept,
            // One in the middle, which the database has lost: a check names it.
            Some(middle)
                if middle.size() > before
                    && middle.size() < own
                    && leads_here(db, middle, &newest).await? =>
            {
                before = middle.size();
            }
            Some(known) => return Ok(Standing::Beside { known: known.clone(), size }),
        }
    };
    match kept {
        [Some(_), Some(_)] if shown >= Some(newest.size) => return Ok(Standing::Level),
        [None, None] => {}
        _ => return Ok(Standing::Unkept(before, head)),
    }
    let Some(known) = outside.newest_head().await? else {
        let was_kept = shown.is_some_and(|shown| shown >= newest.size);
        return Ok(if was_kept { Standing::Lost { size } } else { Standing::Unkept(before, head) });
    };
    if (known.epoch, known.size()) > (epoch, own) {
        return Ok(Standing::Behind { known, size });
    }
    if known.epoch == epoch && !leads_here(db, &known, &newest).await? {
        return Ok(Standing::Beside { known, size });
    }
    Ok(Standing::Unkept(before, head))
}

/// Whether somebody went on from the head of this size, or began a later epoch.
async fn is_followed(outside: &Outside, epoch: Epoch, size: u64) -> Result<bool, Error> {
    let next = outside.heads_after(epoch, size).await?;
    let later = outside.heads_after(epoch.next(), 0).await?;
    Ok(next.iter().chain(&later).any(Option::is_some))
}

fn is_same(one: &Head, other: &Head) -> bool {
    one.note.checkpoint() == other.note.checkpoint()
}

/// Whether the newest head here covers all that this one does.
async fn leads_here(db: &Db, known: &Head, newest: &StoredCheckpoint) -> Result<bool, Error> {
    let proof = match prove_consistency(&mut db.read().await?, known.size(), newest).await {
        Ok(Some(proof)) => proof,
        Ok(None) | Err(Error::Tree) => return Ok(false),
        Err(error) => return Err(error),
    };
    let (Ok(size), Ok(root)) = (u64::try_from(newest.size), newest.root.as_slice().try_into())
    else {
        return Ok(false);
    };
    Ok(verify_consistency(known.size(), size, &proof, &known.note.checkpoint().root, &root))
}

/// Keeps the newest head outside if it is not yet; then anybody may see it.
///
/// # Errors
/// [`Error::NotLevel`] when the ledger may not go on, and when something cannot be read or written.
pub async fn keep_newest(db: &Db, terms: &Terms) -> Result<(), Error> {
    let standing = find_standing(db, &terms.ledger_keys).await?;
    let Standing::Unkept(after, head) = &standing else {
        return if standing.is_level() {
            Ok(())
        } else {
            Err(Error::NotLevel(standing.to_string()))
        };
    };
    if !db.outside().keep_head(*after, head).await? {
        let standing = find_standing(db, &terms.ledger_keys).await?;
        return Err(Error::NotLevel(standing.to_string()));
    }
    let mut tx = db.write().await?;
    let size = i64::try_from(head.size()).map_err(|_| Error::Tree)?;
    ledger_epochs::mark_shown(&mut tx, size).await?;
    Ok(tx.commit().await?)
}

/// Keeps outside what else is known after a back-up was put back: first the newest head of the database itself,
/// then, behind it, each of these that covers more.
///
/// # Errors
/// When something cannot be read or written.
pub async fn keep_known(db: &Db, terms: &Terms, heads: &[Head]) -> Result<(), Error> {
    let Here { place, newest, before } = find_here(db, &terms.ledger_keys).await?;
    let own = newest.as_ref().map_or(0, |(_, head)| head.size());
    if let Some((_, head)) = &newest {
        db.outside().keep_head(before, head).await?;
    }
    for head in heads {
        if head.epoch > place.epoch {
            db.outside().keep_head(0, head).await?;
        } else if head.epoch == place.epoch && head.size() > own {
            db.outside().keep_head(own, head).await?;
        }
    }
    Ok(())
}

/// Refuses what must not happen while the ledger may not go on.
///
/// # Errors
/// [`Error::NotLevel`] then, and when something cannot be read.
pub async fn demand_level(db: &Db, terms: &Terms) -> Result<(), Error> {
    let standing = find_standing(db, &terms.ledger_keys).await?;
    if standing.is_level() { Ok(()) } else { Err(Error::NotLevel(standing.to_string())) }
}

/// Writes down that the ledger may not go on, and keeps all mail back until somebody says otherwise.
///
/// # Errors
/// When the database does not take it.
pub async fn tell_not_level(db: &Db, at: &Moment, why: &str) -> Result<(), Error> {
    let mut tx = db.write().await?;
    let paused = pause_mail(&mut tx, at, why).await?;
    let raised = raise(&mut tx, at, LEDGER, why).await?;
    tx.commit().await?;
    if paused || raised {
        tracing::error!(subject = LEDGER, detail = why, "the ledger may not go on");
    }
    Ok(())
}
