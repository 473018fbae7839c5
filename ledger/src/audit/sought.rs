//! The leaf that an auditor looks for, as of a promise: where it stands, and what is left of it.

use super::report::Found;
use crate::finding::Row;
use crate::note::decode_hash;
use crate::record::Told;
use crate::tree::Hash;

/// A leaf that is looked for by its hash.
pub(super) struct Sought {
    leaf: Hash,
    found: Option<Found>,
    emptied_at: Option<i64>,
}

impl Sought {
    pub(super) fn new(leaf: Hash) -> Self {
        Self { leaf, found: None, emptied_at: None }
    }

    /// A row, which may be its. Where it stands twice, a body tells more than none.
    pub(super) fn take(&mut self, row: Row, leaf: Hash, bare: bool) {
        let known = self.found.as_ref().is_some_and(|found| !found.bare || bare);
        if leaf == self.leaf && !known {
            self.found = Some(Found { row, bare, emptied_at: None });
        }
    }

    /// What a leaf says of others, and when that was written. It stands behind whatever it names by its place.
    pub(super) fn told(&mut self, told: &Told, at: Option<i64>) {
        let place = self.found.as_ref().and_then(|found| found.row.index);
        let emptied = &told.emptied;
        let by_place = place.is_some_and(|place| {
            emptied.emptied.iter().any(|(first, last)| (*first..=*last).contains(&place))
        });
        let by_hash = emptied.waiting.iter().any(|hash| decode_hash(hash) == Some(self.leaf));
        if by_place || by_hash {
            self.emptied_at = self.emptied_at.into_iter().chain(at).min();
        }
    }

    /// Where it stands, if it is there.
    pub(super) fn found(self) -> Option<Found> {
        let emptied_at = self.emptied_at;
        self.found.map(|found| Found { emptied_at, ..found })
    }
}
