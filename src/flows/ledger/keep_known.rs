//! Heads that somebody kept elsewhere are kept outside again, beside a database that was put back.

use std::collections::BTreeMap;

use assent_ledger::epoch::Epoch;

use crate::flows::ledger::compare_heads::{Here, compare_heads};
use crate::flows::ledger::hold_heads::is_held;
use crate::flows::{Error, FlowSettings};
use crate::outside::Head;
use crate::store::Db;

/// Keeps outside what is known beside a database that was put back: of these heads, in each epoch, the newest that it
/// does not hold, whatever it says of its epoch; and before one that is newer than its own, its own. So nothing goes
/// on before somebody looked.
///
/// # Errors
/// [`Error::NotLevel`] when another head is put there at the same time, and when something cannot be read or written.
pub async fn keep_known(db: &Db, settings: &FlowSettings, heads: &[Head]) -> Result<(), Error> {
    let here = Here::read(db, &settings.ledger_keys).await?;
    let mut missing: BTreeMap<Epoch, &Head> = BTreeMap::new();
    for head in heads {
        // A head alone that was put into the database brings no leaves with it.
        let has_place = i64::try_from(head.size()).is_ok_and(|size| size <= here.place.size);
        let is_held = match here.newest() {
            Some((_, own)) if has_place && own.epoch >= head.epoch => {
                is_held(&mut db.read().await?, head, own).await?
            }
            _ => false,
        };
        if !is_held {
            let newest = missing.entry(head.epoch).or_insert(head);
            if head.size() > newest.size() {
                *newest = head;
            }
        }
    }
    for head in missing.into_values() {
        keep_missing(db, settings, &here, head).await?;
    }
    Ok(())
}

async fn keep_missing(
    db: &Db,
    settings: &FlowSettings,
    here: &Here,
    missing: &Head,
) -> Result<(), Error> {
    let own = here.newest().map(|(_, own)| own);
    if let Some(own) = own.filter(|own| own.rank() < missing.rank()) {
        // Where another one stands, the database is beside it, as every look says.
        let _is_there = db.outside().keep_head(here.size_of(1), own).await?;
    }
    let known = db.outside().newest_head_of(missing.epoch).await?;
    if known.as_ref().is_some_and(|known| known.size() >= missing.size()) {
        // Of an epoch that is over, the newest is kept; in the present one a smaller one may lead elsewhere.
        let is_over = own.is_some_and(|own| own.epoch > missing.epoch);
        if is_over || !compare_heads(db, &settings.ledger_keys).await?.is_level() {
            return Ok(());
        }
    }
    let after = known.map_or(0, |known| known.size());
    if db.outside().keep_head(after, missing).await? {
        return Ok(());
    }
    let (size, origin) = (missing.size(), &missing.note.checkpoint().origin);
    Err(Error::NotLevel(format!(
        "the head of {origin} over {size} entries could not be kept, for another one was put behind {after} \
         entries at the same time"
    )))
}
