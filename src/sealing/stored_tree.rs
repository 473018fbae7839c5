//! The tree as it is stored, and the heads that were signed over it.

use std::collections::HashMap;
use std::time::Duration;

use assent_ledger::MAX_MERGE_DELAY;
use assent_ledger::note::{SignedNote, VerifyingKey, encode_hash};
use assent_ledger::tree::{Frontier, Hash, TILE_HEIGHT, TILE_WIDTH};

use super::verification::Verification;
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::store::Db;
use crate::store::ledger::checkpoints;
use crate::store::ledger::checkpoints::StoredCheckpoint;

/// The tree as it grows, beside the tiles of it that are stored above the leaves.
pub(super) struct Tree {
    pub(super) frontier: Frontier,
    tiles: HashMap<u8, (u64, Vec<u8>)>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { frontier: Frontier::new(), tiles: HashMap::new() }
    }

    pub(super) async fn push(
        &mut self,
        db: &Db,
        hash: Hash,
        told: &mut Verification,
    ) -> Result<(), Error> {
        let mut entries = vec![];
        self.frontier.push_reporting(hash, |node, hash| {
            if node.level > 0 && node.level % TILE_HEIGHT == 0 {
                entries.push((node, hash));
            }
        });
        for (node, hash) in entries {
            let width = u64::from(TILE_WIDTH);
            let (level, tile) = (node.level / TILE_HEIGHT, node.index / width);
            if self.tiles.get(&level).is_none_or(|(stored, _)| *stored != tile) {
                let index = i64::try_from(tile).map_err(|_| Error::Tree)?;
                let hashes =
                    checkpoints::find_tile(&mut db.read().await?, level.into(), index).await?;
                self.tiles.insert(level, (tile, hashes.unwrap_or_default()));
            }
            let place = usize::try_from(node.index % width).unwrap_or(usize::MAX);
            let stored = self.tiles.get(&level).and_then(|(_, tile)| tile.as_chunks().0.get(place));
            if stored != Some(&hash) {
                let row = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX) - 1;
                let (level, index) = (node.level, node.index);
                told.find(row, format!("the stored tree is wrong at level {level}, {index}"));
            }
        }
        Ok(())
    }
}

/// What is wrong with a head that bears no MAC, and not the size of the one before it.
const UNLINKED: &str = "does not say which one it follows, and no earlier version signed it";

/// Whether a head of this size covers more than what was adopted: this version signed it.
fn is_beyond(size: i64, adopted: u64) -> bool {
    u64::try_from(size).is_ok_and(|size| size > adopted)
}

/// By how much the clocks of replicas may differ before it is worth a word.
const REPLICAS_DIFFER: Duration = Duration::from_mins(1);

/// The signed heads, each held against the tree as it was.
pub(super) struct Heads<'a> {
    db: &'a Db,
    key: &'a EvidenceKey,
    trusted: &'a [VerifyingKey],
    waiting: Vec<StoredCheckpoint>,
    after: i64,
    since: i64,
    /// Whether one of them had a MAC: then all later ones have.
    marked: bool,
    /// The last one that says nothing of the one before it.
    unlinked: i64,
    /// How many leaves were adopted, by what those so far say.
    adopted: u64,
    /// When the last head was signed.
    signed_at: Option<Timestamp>,
    /// The latest time that a leaf behind it bears, with its row.
    latest: Option<(Timestamp, i64)>,
}

impl<'a> Heads<'a> {
    pub(super) fn new(db: &'a Db, key: &'a EvidenceKey, trusted: &'a [VerifyingKey]) -> Self {
        Self {
            db,
            key,
            trusted,
            waiting: vec![],
            after: 0,
            since: 0,
            marked: false,
            unlinked: 0,
            adopted: 0,
            signed_at: None,
            latest: None,
        }
    }

    /// Looks at the time of the leaf in this row. Sealing is promised within a day, so one that is older than
    /// the head before it by more has waited too long, or bears a time that was not.
    pub(super) fn see(
        &mut self,
        row: i64,
        recorded_at: Option<Timestamp>,
        told: &mut Verification,
    ) {
        let Some(at) = recorded_at else { return };
        if let Some(signed_at) = self.signed_at
            && at.plus(MAX_MERGE_DELAY) < signed_at
        {
            told.warn(format!(
                "row {row} bears the time {at}, and the head before it was signed at {signed_at}"
            ));
        }
        if self.latest.is_none_or(|(latest, _)| at > latest) {
            self.latest = Some((at, row));
        }
    }

    /// Holds the head of this size, if there is one, against the tree. Those of earlier versions cover no more than was
    /// `adopted`, by what the leaves so far say.
    pub(super) async fn pass(
        &mut self,
        tree: &Frontier,
        adopted: u64,
        told: &mut Verification,
    ) -> Result<(), Error> {
        self.adopted = adopted;
        if self.waiting.is_empty() && self.after != i64::MAX {
            self.waiting = checkpoints::list(&mut self.db.read().await?, self.after, 1000).await?;
            self.waiting.reverse();
            self.after = self.waiting.first().map_or(i64::MAX, |last| last.size);
        }
        let size = i64::try_from(tree.size()).map_err(|_| Error::Tree)?;
        while let Some(head) = self.waiting.pop_if(|head| head.size <= size) {
            self.judge(&head, tree, told);
            if let Some((at, row)) = self.latest.take()
                && at > head.created_at.plus(REPLICAS_DIFFER)
            {
                let signed_at = head.created_at;
                told.warn(format!("row {row} bears the time {at}, and was sealed at {signed_at}"));
            }
            self.since = head.size;
            self.signed_at = Some(head.created_at);
        }
        Ok(())
    }

    fn judge(&mut self, head: &StoredCheckpoint, tree: &Frontier, told: &mut Verification) {
        told.checkpoints += 1;
        let row = head.size - 1;
        let name = format!("the checkpoint of {} events", head.size);
        let note = match SignedNote::parse(&head.note) {
            Ok(note) => note,
            Err(error) => return told.find(row, format!("{name} cannot be read: {error}")),
        };
        if note.verified_for_its_ledger(self.trusted).is_none() {
            return told.find(row, format!("{name} is not signed by a key of this ledger"));
        }
        if let Some(previous) = head.previous.or(head.mac.as_ref().map(|_| -1)) {
            self.marked = true;
            let own = self.key.head(&head.note, previous);
            if previous != self.since || !EvidenceKey::agrees(head.mac.as_deref(), &own) {
                let before = self.since;
                told.find(row, format!("{name} does not follow the one of {before} before it"));
            }
        } else if self.marked || is_beyond(head.size, self.adopted) {
            told.find(row, format!("{name} {UNLINKED}"));
        } else {
            self.unlinked = head.size;
        }
        let signed = note.checkpoint();
        if u64::try_from(head.size) != Ok(signed.size) || head.root != signed.root {
            told.find(
                row,
                format!("{name} is kept with another size or root than it was signed with"),
            );
        }
        if signed.size != tree.size() || signed.root != tree.root() {
            told.find(row, format!(
                "{name} was signed over another tree ({} then, {} now): what differs is among rows {} to {}",
                encode_hash(&signed.root),
                encode_hash(&tree.root()),
                self.since,
                head.size - 1
            ));
        }
    }

    /// Every head lies within the tree, and the newest at its end; all those say which one they follow that cover more
    /// than was `adopted`.
    pub(super) async fn finish(
        &mut self,
        size: i64,
        adopted: u64,
        told: &mut Verification,
    ) -> Result<(), Error> {
        // It was passed before the leaf that says what was adopted.
        if is_beyond(self.unlinked, adopted) {
            told.add(format!("the checkpoint of {} events {UNLINKED}", self.unlinked));
        }
        let newest = checkpoints::find_newest(&mut self.db.read().await?).await?;
        let newest = newest.map_or(0, |newest| newest.size);
        // Read after it, for others may have sealed meanwhile.
        if newest > checkpoints::find_size(&mut self.db.read().await?).await? {
            told.add(format!("the checkpoint of {newest} events covers more than are sealed"));
        }
        if newest < size {
            told.add(format!(
                "{size} leaves have their place, and only {newest} are under a checkpoint"
            ));
        }
        Ok(())
    }
}
