//! Hashes of the tree out of the tiles they are stored in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use assent_ledger::tree::{Frontier, Hash, Node, fold, subtree_root};

use crate::flows::Error;
use crate::store::Tx;
use crate::store::ledger::checkpoints;

/// The hash of each of these complete subtrees.
///
/// # Errors
/// When the database does not answer, or a tile is missing or short.
pub async fn read(tx: &mut Tx, nodes: &[Node]) -> Result<Vec<Hash>, Error> {
    let mut tiles: HashMap<(u8, u64), Vec<u8>> = HashMap::new();
    let mut hashes = Vec::with_capacity(nodes.len());
    for node in nodes {
        let slice = node.tile_slice();
        let place = (slice.level, slice.index);
        let tile = match tiles.entry(place) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let index = i64::try_from(slice.index).map_err(|_| Error::Tree)?;
                let tile = checkpoints::find_tile(tx, slice.level.into(), index).await?;
                unread.insert(tile.ok_or(Error::Tree)?)
            }
        };
        let (entries, _) = tile.as_chunks::<32>();
        let (start, len) = (usize::from(slice.start), usize::from(slice.len));
        let entries = entries.get(start..start + len).ok_or(Error::Tree)?;
        hashes.push(subtree_root(entries));
    }
    Ok(hashes)
}

/// A proof's hashes, from the subtrees that each is folded from.
///
/// # Errors
/// As [`read`].
pub async fn proof(tx: &mut Tx, path: &[Vec<Node>]) -> Result<Vec<Hash>, Error> {
    let mut hashes = Vec::with_capacity(path.len());
    for nodes in path {
        hashes.push(fold(&read(tx, nodes).await?));
    }
    Ok(hashes)
}

/// The tree of the first `size` leaves, ready to be appended to.
///
/// # Errors
/// As [`read`].
pub async fn frontier(tx: &mut Tx, size: u64) -> Result<Frontier, Error> {
    let nodes: Vec<Node> = (0..64)
        .rev()
        .filter(|level| size >> level & 1 == 1)
        .map(|level| Node { level, index: (size >> level) - 1 })
        .collect();
    Frontier::from_parts(size, read(tx, &nodes).await?).ok_or(Error::Tree)
}
