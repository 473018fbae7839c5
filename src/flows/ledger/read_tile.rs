//! A tile of the tree, as anybody may have it (C2SP tlog-tiles).

use assent_ledger::tree::Hash;

use crate::domain::ledger::tile_name::TileName;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::ledger::{checkpoints, epochs};

/// Hashes that a head which anybody can see covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The hashes, side by side.
    pub hashes: Vec<u8>,
    /// Whether it was never another under this name. Where leaves were lost, others took their places in a later
    /// epoch, and so in the tiles.
    pub always_was: bool,
}

/// The tile of this name, as far as the newest head that is kept outside covers all of it; `None` when it does not.
///
/// # Errors
/// When the database does not answer, or the stored tree has a hole.
pub async fn read_tile(tx: &mut Tx, name: &TileName) -> Result<Option<Tile>, Error> {
    let Some(newest) = checkpoints::find_kept_bare(tx).await? else { return Ok(None) };
    if !name.is_within(u64::try_from(newest.size).map_err(|_| Error::Tree)?) {
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
    let went_on_from = epochs::list(tx).await?.into_iter().map(|resumed| resumed.from_size).min();
    let always_was = match went_on_from.map(u64::try_from) {
        None => true,
        Some(size) => size.is_ok_and(|size| name.is_within(size)),
    };
    Ok(Some(Tile { hashes, always_was }))
}
