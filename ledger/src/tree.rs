//! The Merkle tree over the ledger's leaves (RFC 6962 §2.1, unchanged in RFC 9162 §2.1).
//!
//! Proofs are planned before they are made: a path lists the complete subtrees that each of its
//! hashes is folded from, so that a caller whose nodes lie in a database can fetch them all at once.

use sha2::{Digest, Sha256};

/// The SHA-256 of a leaf, of a subtree or of a whole tree.
pub type Hash = [u8; 32];

/// How many consecutive hashes one stored tile holds (C2SP tlog-tiles).
pub const TILE_WIDTH: u16 = 256;

/// How many levels of the tree lie between the hashes of one tile and those of the tile above.
pub const TILE_HEIGHT: u8 = 8;

/// The hash of a leaf: SHA-256(0x00 ‖ leaf).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// A complete subtree: the 2^`level` leaves that start at leaf `index`·2^`level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Its height: 0 is a leaf.
    pub level: u8,
    /// Its place among the subtrees of that height, from the left.
    pub index: u64,
}

/// Where the hashes lie whose [`subtree_root`] is a node: `len` entries from entry `start` of the
/// tile at `level` and `index`. An entry of a tile at level L is the root of 2^(8·L) leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileSlice {
    /// The level of the tile.
    pub level: u8,
    /// The place of the tile in its level.
    pub index: u64,
    /// The first entry.
    pub start: u16,
    /// How many entries: a power of two, at most 128.
    pub len: u16,
}

impl Node {
    /// The entries of the one tile that this node is computed from.
    #[must_use]
    pub fn tile_slice(self) -> TileSlice {
        let len = 1_u16 << (self.level % TILE_HEIGHT);
        let tiles = u64::from(TILE_WIDTH / len);
        let start = u16::try_from(self.index % tiles).map_or(0, |place| place * len);
        TileSlice { level: self.level / TILE_HEIGHT, index: self.index / tiles, start, len }
    }
}

/// The roots of the complete subtrees that a tree falls into, largest first: all that is needed to
/// append to it and to know its root, at most 64 hashes whatever its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of `size` leaves from the roots that [`Frontier::hashes`] gave; `None` unless there is
    /// one for each bit set in `size`.
    #[must_use]
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (size.count_ones() as usize == hashes.len()).then_some(Self { size, hashes })
    }

    /// Appends a leaf by its [`leaf_hash`].
    pub fn push(&mut self, leaf: Hash) {
        self.push_reporting(leaf, |_, _| ());
    }

    /// Appends a leaf and reports every complete subtree that it completes, itself first: the hashes
    /// that a store of nodes has to write. Those whose level is a multiple of [`TILE_HEIGHT`] are
    /// the entries of tiles.
    pub fn push_reporting(&mut self, leaf: Hash, mut completed: impl FnMut(Node, Hash)) {
        let mut hash = leaf;
        let mut node = Node { level: 0, index: self.size };
        completed(node, hash);
        // A subtree on the left waits for each trailing bit set, as digits carry in an addition.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
                node = Node { level: node.level + 1, index: node.index / 2 };
                completed(node, hash);
            }
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The root of the whole tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.hashes)
    }
}

/// The root over the roots of complete subtrees that lie side by side, largest first: folded from
/// the right. Of none it is the empty root.
#[must_use]
pub fn fold(hashes: &[Hash]) -> Hash {
    hashes
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(empty_root)
}

/// The root over hashes of one height that lie side by side, such as entries of a tile.
#[must_use]
pub fn subtree_root(hashes: &[Hash]) -> Hash {
    let mut tree = Frontier::new();
    for hash in hashes {
        tree.push(*hash);
    }
    tree.root()
}

/// What an inclusion proof is made of, its hashes in order: each is the [`fold`] of these nodes.
/// `None` when the tree of `size` leaves has no leaf `index` (RFC 6962 §2.1.1).
#[must_use]
pub fn inclusion_path(index: u64, size: u64) -> Option<Vec<Vec<Node>>> {
    if index >= size {
        return None;
    }
    let mut path = Vec::new();
    let (mut start, mut len) = (0, size);
    while len > 1 {
        let half = largest_power_below(len);
        if index - start < half {
            path.push(complete_subtrees(start + half, len - half));
            len = half;
        } else {
            path.push(complete_subtrees(start, half));
            (start, len) = (start + half, len - half);
        }
    }
    path.reverse();
    Some(path)
}

/// What a consistency proof is made of, its hashes in order: each is the [`fold`] of these nodes.
/// `None` when `old` is larger than `new`; no hashes when one is the other or `old` is empty
/// (RFC 6962 §2.1.2).
#[must_use]
pub fn consistency_path(old: u64, new: u64) -> Option<Vec<Vec<Node>>> {
    if old > new {
        return None;
    }
    let mut path = Vec::new();
    if old == 0 {
        return Some(path);
    }
    let (mut start, mut len) = (0, new);
    while old - start < len {
        let half = largest_power_below(len);
        if old - start <= half {
            path.push(complete_subtrees(start + half, len - half));
            len = half;
        } else {
            path.push(complete_subtrees(start, half));
            (start, len) = (start + half, len - half);
        }
    }
    // Whoever checks knows the old root, and needs no hash for it where it is a node by itself.
    if start > 0 {
        path.push(complete_subtrees(start, len));
    }
    path.reverse();
    Some(path)
}

/// The largest power of two smaller than `len`, which is at least 2.
fn largest_power_below(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

/// The complete subtrees under `len` leaves from leaf `start`, largest first. `start` is a multiple
/// of the largest, as it is wherever RFC 6962 splits a tree.
fn complete_subtrees(mut start: u64, mut len: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while len > 0 {
        let level = len.ilog2();
        nodes.push(Node { level: u8::try_from(level).unwrap_or(0), index: start >> level });
        start += 1 << level;
        len -= 1 << level;
    }
    nodes
}

/// A tree, by how many leaves it has and what is above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves.
    pub size: u64,
    /// The hash over them.
    pub root: Hash,
}

/// Whether `proof` shows that a tree has this leaf at `index` (RFC 9162 §2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf_hash: &Hash, index: u64, proof: &[Hash], tree: TreeHead) -> bool {
    if index >= tree.size {
        return false;
    }
    let (mut place, mut last) = (index, tree.size - 1);
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            skip_missing_right(&mut place, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == tree.root
}

/// Whether `proof` shows that the `new` tree begins with the leaves of the `old` one (RFC 9162 §2.1.4.2). The empty
/// tree begins every tree.
#[must_use]
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[Hash]) -> bool {
    if old.size > new.size {
        return false;
    }
    if old.size == new.size {
        return proof.is_empty()
            && old.root == new.root
            && (old.size > 0 || old.root == empty_root());
    }
    if old.size == 0 {
        return proof.is_empty() && old.root == empty_root();
    }
    let (first, rest) = match proof {
        _ if old.size.is_power_of_two() => (&old.root, proof),
        [first, rest @ ..] => (first, rest),
        [] => return false,
    };
    let (mut place, mut last) = (old.size - 1, new.size - 1);
    let levels = place.trailing_ones();
    place >>= levels;
    last >>= levels;
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            skip_missing_right(&mut place, &mut last);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old.root && new_hash == new.root
}

/// Climbs past the levels at which the last node has no sibling and stands for its parent.
fn skip_missing_right(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}
