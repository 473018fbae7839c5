//! The heads that were signed before: the tree of a bundle must still hold each.

use super::stamps::ReadStamp;
use crate::bundle::{CHECKPOINT, EVENTS};
use crate::epoch::Epoch;
use crate::finding::{Findings, Problem};
use crate::note::Checkpoint;
use crate::tree::Frontier;

/// Checkpoints of before, in the order of their sizes.
pub(super) struct Heads<'a> {
    now: &'a Checkpoint,
    heads: Vec<Head>,
    /// How many of them the tree has grown past.
    met: usize,
    /// Of a ledger that went on after a loss, how many leaves it went on from the last time.
    pub(super) resumed_from: Option<u64>,
}

struct Head {
    checkpoint: Checkpoint,
    /// The file of the bundle that it stands in; none of what the auditor kept.
    file: Option<String>,
}

impl<'a> Heads<'a> {
    /// What the auditor kept, and what stands beside time stamps in the bundle.
    pub(super) fn new(
        now: &'a Checkpoint,
        kept: Option<&Checkpoint>,
        stamps: &[ReadStamp],
    ) -> Self {
        let kept = kept.map(|kept| Head { checkpoint: kept.clone(), file: None });
        let stamped = |stamp: &ReadStamp| Head {
            checkpoint: stamp.checkpoint.clone(),
            file: Some(stamp.beside.clone()),
        };
        let mut heads: Vec<Head> = kept.into_iter().chain(stamps.iter().map(stamped)).collect();
        heads.sort_by_key(|head| head.checkpoint.size);
        Self { now, heads, met: 0, resumed_from: None }
    }

    /// Compares the root of those that are as large as the tree is now.
    pub(super) fn meet(&mut self, tree: &Frontier, findings: &mut Findings) {
        while let Some(head) = self.heads.get(self.met)
            && head.checkpoint.size <= tree.size()
        {
            let Checkpoint { size, root, .. } = head.checkpoint;
            if size == tree.size() && root != tree.root() {
                let problem = self.lost(&head.checkpoint).unwrap_or(Problem::EarlierRoot(size));
                findings.file(head.file.as_deref().unwrap_or(EVENTS), problem);
            }
            self.met += 1;
        }
    }

    /// Finds what can be said only once all of the bundle was read.
    pub(super) fn judge(&self, partial: bool, findings: &mut Findings) {
        for Head { checkpoint, file } in &self.heads {
            let mut find = |problem| findings.file(file.as_deref().unwrap_or(CHECKPOINT), problem);
            let Checkpoint { size, root, origin } = checkpoint;
            if !Epoch::is_same_ledger(origin, &self.now.origin) {
                find(Problem::EarlierOrigin(origin.clone()));
            }
            if *size > self.now.size {
                find(self.lost(checkpoint).unwrap_or(Problem::EarlierSize(*size)));
            } else if partial && *size < self.now.size && file.is_none() {
                find(Problem::EarlierPartial);
            } else if partial && *size == self.now.size && *root != self.now.root {
                find(Problem::EarlierRoot(*size));
            }
        }
    }

    /// The problem of an earlier checkpoint that covers entries which the ledger lost; none where it does not. Such a
    /// checkpoint was signed under a name that the ledger had before the loss.
    fn lost(&self, earlier: &Checkpoint) -> Option<Problem> {
        let origin = &self.now.origin;
        let from = self.resumed_from?;
        let is_before = *origin != earlier.origin && Epoch::is_same_ledger(origin, &earlier.origin);
        (is_before && earlier.size > from).then(|| Problem::EarlierLost {
            size: earlier.size,
            from,
            origin: origin.clone(),
        })
    }
}
