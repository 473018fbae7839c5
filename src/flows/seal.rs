//! Events that wait get their place in the tree, in order, and the new head of the tree is signed.

use std::collections::BTreeMap;

use super::{Error, Terms, tree_nodes};
use crate::ledger::note::Checkpoint;
use crate::ledger::tree::{TILE_HEIGHT, TILE_WIDTH, empty_root, leaf_hash};
use crate::random::Moment;
use crate::store::checkpoints::StoredCheckpoint;
use crate::store::{Tx, checkpoints, ledger_epochs};

/// How many events one transaction seals.
const AT_ONCE: i64 = 4096;

/// How far sealing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Sealed {
    /// Some events have their place under a head. Commit, then keep that outside.
    Some,
    /// Nothing waits.
    Nothing,
    /// The newest head is not kept outside yet: that comes first.
    Unkept,
}

/// Seals up to [`AT_ONCE`] events under one signed head. Whoever seals locks the
/// head, so places are given by one at a time; events are appended meanwhile by anybody. Call it again
/// until nothing waits.
///
/// # Errors
/// When the database does not take it, or its tree does not hold together; then nothing is sealed.
pub async fn seal(tx: &mut Tx, at: &Moment, terms: &Terms) -> Result<Sealed, Error> {
    let first = checkpoints::lock_size(tx).await?;
    let waiting = checkpoints::list_unsealed(tx, AT_ONCE).await?;
    if waiting.is_empty() {
        return Ok(Sealed::Nothing);
    }
    let mut tree = tree_nodes::frontier(tx, u64::try_from(first).map_err(|_| Error::Tree)?).await?;
    // What was tampered with is never signed: the tree must still be the one under the newest head.
    let newest = checkpoints::find_newest(tx).await?;
    // One after the other is kept outside: who goes on from a head that is not would leave a gap there.
    let place = ledger_epochs::find_place(tx).await?;
    if place.size > place.shown.unwrap_or(0).max(place.from_size) {
        return Ok(Sealed::Unkept);
    }
    let (size, root) = newest.map_or((0, empty_root().to_vec()), |head| (head.size, head.root));
    if size != first || root != tree.root() {
        return Err(Error::Tree);
    }
    let mut entries: BTreeMap<(u8, u64), Vec<u8>> = BTreeMap::new();
    for event in &waiting {
        tree.push_reporting(leaf_hash(event.leaf.as_bytes()), |node, hash| {
            if node.level % TILE_HEIGHT == 0 {
                let tile = (node.level / TILE_HEIGHT, node.index / u64::from(TILE_WIDTH));
                entries.entry(tile).or_default().extend(hash);
            }
        });
    }
    for ((level, tile), added) in entries {
        let width = u64::from(TILE_WIDTH);
        let filled = (tree.size() >> (level * TILE_HEIGHT)) - tile * width;
        let (level, tile) = (i64::from(level), i64::try_from(tile).map_err(|_| Error::Tree)?);
        let mut hashes = checkpoints::find_tile(tx, level, tile).await?.unwrap_or_default();
        hashes.extend(added);
        if hashes.as_chunks::<32>().0.len() as u64 != filled.min(width) {
            return Err(Error::Tree);
        }
        checkpoints::upsert_tile(tx, level, tile, &hashes).await?;
    }
    let sealed = checkpoints::mark_sealed(tx, first, &waiting).await;
    let sealed = sealed.map_err(|error| match error.as_database_error() {
        // Somebody moved the head back, and these places are taken.
        Some(refused) if refused.is_unique_violation() => Error::Tree,
        _ => error.into(),
    })?;
    if usize::try_from(sealed) != Ok(waiting.len()) {
        return Err(Error::Tree);
    }
    let (size, root) = (tree.size(), tree.root());
    let origin = place.epoch.name(terms.ledger_keys.origin());
    let head = Checkpoint { origin, size, root };
    let keys = terms.ledger_keys.signing_in(place.epoch).map_err(|_| Error::Tree)?;
    let checkpoint = StoredCheckpoint {
        size: i64::try_from(size).map_err(|_| Error::Tree)?,
        root: root.to_vec(),
        note: head.sign(&keys),
        created_at: at.now,
    };
    checkpoints::insert(tx, &checkpoint).await?;
    Ok(Sealed::Some)
}
