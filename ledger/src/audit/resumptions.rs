//! Where the ledger went on after a loss, as its leaves say: each is held against the tree and the names before it.

use super::report::Resumption;
use crate::epoch::Epoch;
use crate::finding::Problem;
use crate::note::encode_hash;
use crate::record::{NamedHead, Told};
use crate::tree::Frontier;

/// The leaves that began an epoch each, in the order of the tree.
pub(super) struct Resumptions<'a> {
    /// The name in the checkpoint.
    origin: &'a str,
    told: Vec<Resumption>,
}

impl<'a> Resumptions<'a> {
    pub(super) fn new(origin: &'a str) -> Self {
        Self { origin, told: vec![] }
    }

    /// What the leaf at `index` says of a loss, before it is added to the tree; none where the tree is not known.
    pub(super) fn take(
        &mut self,
        index: u64,
        told: &Told,
        tree: Option<&Frontier>,
    ) -> Option<Problem> {
        let epoch = told.epoch.as_deref()?;
        let before = self.name().to_owned();
        let size = told.from.as_ref().map_or(0, |from| from.size);
        let problem = if !is_next(epoch, &before, told) {
            Some(Problem::ResumedName { epoch: epoch.to_owned(), before })
        } else if size != index {
            Some(Problem::ResumedSize(size))
        } else if let (Some(tree), Some(from)) = (tree, &told.from) {
            (from.root != encode_hash(&tree.root())).then_some(Problem::ResumedRoot)
        } else {
            None
        };
        let (epoch, known) = (epoch.to_owned(), told.known.clone());
        self.told.push(Resumption { index, epoch, known });
        problem
    }

    /// The name that the ledger has by its leaves so far.
    fn name(&self) -> &str {
        let last = self.told.last().map(|last| &*last.epoch);
        last.unwrap_or_else(|| Epoch::first_name(self.origin))
    }

    /// What is wrong with the name in the checkpoint, of which all leaves were read.
    pub(super) fn judge(&self) -> Option<Problem> {
        let (origin, said) = (self.origin.to_owned(), self.name().to_owned());
        (origin != said).then_some(Problem::Renamed { origin, said })
    }

    /// From how many leaves the ledger went on the last time.
    pub(super) fn last(&self) -> Option<u64> {
        self.told.last().map(|last| last.index)
    }

    pub(super) fn told(self) -> Vec<Resumption> {
        self.told
    }
}

/// Whether a ledger of this name can go on under that one: no head was signed under it before.
fn is_next(epoch: &str, before: &str, told: &Told) -> bool {
    let is_later = |name: &str| {
        Epoch::is_same_ledger(name, epoch) && Epoch::of_name(name) < Epoch::of_name(epoch)
    };
    let is_after = |head: &NamedHead| is_later(&head.origin);
    is_later(before)
        && told.from.as_ref().is_none_or(|from| from.origin == before)
        && told.known.as_ref().is_none_or(is_after)
}
