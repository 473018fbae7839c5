//! A tile of the tree, as anybody may have it (C2SP tlog-tiles). A log is known by its origin, and what a tile of it holds
//! never changes. After a loss other leaves take places that were given away, so each epoch, which has an origin of its
//! own, has its own tiles.

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::tree::Hash;

use crate::domain::ledger::tile_name::TileName;
use crate::flows::Error;
use crate::flows::ledger::own_note::own_note;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::ledger::{checkpoints, epochs};

/// The hashes of the tile of this name in that epoch, side by side. In the present epoch they are there as far as the
/// newest head that is kept outside covers all of it; of an earlier one those that were not lost. `None` for all others.
///
/// # Errors
/// When the database does not answer, or the stored tree has a hole.
pub async fn read_tile(
    tx: &mut Tx,
    keys: &LedgerKeys,
    (epoch, name): (Epoch, &TileName),
) -> Result<Option<Vec<u8>>, Error> {
    let Some(newest) = checkpoints::find_kept(tx).await? else { return Ok(None) };
    let size = if epoch == epoch_of(&newest, keys)? {
        newest.size
    } else {
        find_left(tx, epoch).await?.min(newest.size)
    };
    if !name.is_within(u64::try_from(size).map_err(|_| Error::Tree)?) {
        return Ok(None);
    }
    let index = i64::try_from(name.index).map_err(|_| Error::Tree)?;
    let stored = checkpoints::find_tile(tx, name.level.into(), index).await?;
    // What is sealed and not shown yet may stand behind.
    let mut hashes = stored.ok_or(Error::Tree)?;
    let len = usize::from(name.width) * size_of::<Hash>();
    if hashes.len() < len {
        return Err(Error::Tree);
    }
    hashes.truncate(len);
    Ok(Some(hashes))
}

/// How many of the first leaves of an earlier epoch no loss took; 0 where it is none.
async fn find_left(tx: &mut Tx, epoch: Epoch) -> sqlx::Result<i64> {
    let begun = epochs::list(tx).await?;
    if epoch != Epoch::FIRST && !begun.iter().any(|resumed| resumed.epoch == epoch) {
        return Ok(0);
    }
    let later = begun.iter().filter(|resumed| resumed.epoch > epoch);
    Ok(later.map(|resumed| resumed.from_size).min().unwrap_or(0))
}

/// The epoch of a head, by the origin that it was signed under.
///
/// # Errors
/// When it is no head of this ledger.
pub fn epoch_of(head: &StoredCheckpoint, keys: &LedgerKeys) -> Result<Epoch, Error> {
    let note = own_note(head)?;
    Epoch::from_name(&note.checkpoint().origin, keys.origin()).ok_or(Error::Tree)
}
