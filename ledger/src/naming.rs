//! A leaf that stands without body and salt is believed only if another leaf says that it was emptied: an
//! erasure, a purge, or the adoption of what was there before.

use std::collections::{BTreeSet, HashSet};

use super::note::decode_hash;
use super::record::Told;
use super::tree::Hash;

/// What stands bare, and what is named as bare, of a whole tree or of a part of it.
#[derive(Debug, Default)]
pub struct Naming {
    bare: Vec<(u64, Hash)>,
    /// Runs of indexes, each with the index of the leaf that names them.
    named: Vec<(u64, u64, u64)>,
    waiting: HashSet<Hash>,
    /// Runs that were named since the leaves were read: they may be bare by now, or not yet.
    lately: Vec<(u64, u64)>,
    adopted: Option<u64>,
    /// The last leaf of the first version.
    first_version: Option<u64>,
    /// Leaves that say again what only one may say.
    again: Vec<(u64, NamingProblem)>,
}

/// What was looked at.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// All leaves below this size.
    Whole(u64),
    /// These leaves.
    Some(&'a BTreeSet<u64>),
}

impl Part<'_> {
    /// The first leaf from `from` up to before `to` that was looked at.
    fn first(self, from: u64, to: u64) -> Option<u64> {
        match self {
            _ if from >= to => None,
            Self::Whole(size) => (from < size).then_some(from),
            Self::Some(leaves) => leaves.range(from..to).next().copied(),
        }
    }
}

/// What is wrong about one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamingProblem {
    /// Somebody emptied it, and the ledger knows of no reason.
    #[error("its body is gone, and no erasure, purge or adoption names it")]
    Unnamed,
    /// One of two erasures is not true.
    #[error("it is named as emptied twice")]
    Twice,
    /// One of two erasures is not true, and the leaf is named by its hash.
    #[error("it names a leaf as emptied that was named before")]
    NamesAgain,
    /// An emptied leaf was filled again.
    #[error("it is named as emptied, and has a body")]
    Filled,
    /// A leaf without its place among its subject's, from after all of those were adopted.
    #[error("it is of version 1, and the ledger was adopted before it was written")]
    Outdated,
    /// The ledger is adopted once.
    #[error("the ledger was adopted before")]
    AdoptedAgain,
}

impl Naming {
    /// A leaf that stands bare, in the order of the tree.
    pub fn bare(&mut self, index: u64, leaf_hash: Hash) {
        self.bare.push((index, leaf_hash));
    }

    /// A leaf of the first version, which nothing writes once the ledger is adopted; in the order of the tree.
    pub fn first_version(&mut self, index: u64) {
        self.first_version = Some(index);
    }

    /// What the leaf at `index` says of others.
    pub fn told(&mut self, index: u64, told: &Told) {
        let runs = told.emptied.emptied.iter();
        self.named.extend(runs.map(|(first, last)| (*first, *last, index)));
        for hash in told.emptied.waiting.iter().filter_map(|hash| decode_hash(hash)) {
            if !self.waiting.insert(hash) {
                self.again.push((index, NamingProblem::NamesAgain));
            }
        }
        if let Some(before) = told.before {
            match self.adopted {
                None => self.adopted = Some(before),
                Some(_) => self.again.push((index, NamingProblem::AdoptedAgain)),
            }
        }
    }

    /// What was said of others after they were read.
    pub fn told_since(&mut self, told: &Told) {
        self.lately.extend(&told.emptied.emptied);
        self.waiting.extend(told.emptied.waiting.iter().filter_map(|hash| decode_hash(hash)));
    }

    /// How many of `size` leaves, from the first, are taken on the operator's word: all of them, where none of those
    /// so far says that it was adopted.
    #[must_use]
    pub fn adopted_of(&self, size: u64) -> u64 {
        self.adopted.unwrap_or(size)
    }

    /// The hashes of leaves that are named as emptied while they waited for their place: none of them may have
    /// a body.
    #[must_use]
    pub fn waiting(&self) -> &HashSet<Hash> {
        &self.waiting
    }

    /// What is wrong in the part that was looked at, by the index of the leaf it is wrong of.
    #[must_use]
    pub fn problems(&mut self, part: Part<'_>) -> Vec<(u64, NamingProblem)> {
        self.bare.sort_unstable_by_key(|(index, _)| *index);
        self.named.sort_unstable();
        let mut problems = self.again.clone();
        let adopted = self.adopted.unwrap_or(u64::MAX);
        let outdated = self.first_version.filter(|index| *index >= adopted);
        problems.extend(outdated.map(|index| (index, NamingProblem::Outdated)));
        let mut bare = self.bare.iter().peekable();
        let mut next = 0;
        for &(first, last, namer) in &self.named {
            if first < next {
                problems.push((first, NamingProblem::Twice));
            }
            while let Some((index, hash)) = bare.next_if(|(index, _)| *index < first) {
                problems.extend(self.unnamed(*index, hash));
            }
            let mut expected = first.max(next);
            while let Some((index, hash)) = bare.next_if(|(index, _)| *index <= last) {
                if *index > namer {
                    // What is still to come cannot have been emptied: else one leaf would excuse all that follow.
                    problems.push((*index, NamingProblem::Unnamed));
                } else if self.waiting.contains(hash) {
                    problems.push((*index, NamingProblem::Twice));
                }
                problems.extend(filled(part, expected, *index));
                expected = index + 1;
            }
            problems.extend(filled(part, expected, last.saturating_add(1)));
            next = next.max(last.saturating_add(1));
        }
        for (index, hash) in bare {
            problems.extend(self.unnamed(*index, hash));
        }
        problems.sort_unstable_by_key(|(index, _)| *index);
        problems
    }

    fn unnamed(&self, index: u64, hash: &Hash) -> Option<(u64, NamingProblem)> {
        let lately = self.lately.iter().any(|(first, last)| (*first..=*last).contains(&index));
        (!lately && !self.waiting.contains(hash)).then_some((index, NamingProblem::Unnamed))
    }
}

/// The first leaf of a run that is named and has a body.
fn filled(part: Part<'_>, from: u64, to: u64) -> Option<(u64, NamingProblem)> {
    Some((part.first(from, to)?, NamingProblem::Filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::encode_hash;
    use crate::record::Emptied;

    fn told(runs: &[(u64, u64)]) -> Told {
        Told { emptied: Emptied { emptied: runs.to_vec(), waiting: vec![] }, ..Told::default() }
    }

    fn problems(bare: &[u64], namers: &[(u64, &[(u64, u64)])]) -> Vec<(u64, NamingProblem)> {
        let mut naming = Naming::default();
        for index in bare {
            naming.bare(*index, [0; 32]);
        }
        for (index, runs) in namers {
            naming.told(*index, &told(runs));
        }
        naming.problems(Part::Whole(100))
    }

    #[test]
    fn each_bare_leaf_is_named_once() {
        assert_eq!(problems(&[], &[]), []);
        assert_eq!(problems(&[3, 4, 5, 9], &[(20, &[(3, 4)]), (21, &[(5, 5), (9, 9)])]), []);
        assert_eq!(problems(&[3, 4], &[(20, &[(3, 3)])]), [(4, NamingProblem::Unnamed)]);
        assert_eq!(problems(&[2, 3], &[(20, &[(3, 3)])]), [(2, NamingProblem::Unnamed)]);
        assert_eq!(
            problems(&[3], &[(20, &[(3, 3)]), (21, &[(3, 3)])]),
            [(3, NamingProblem::Twice)]
        );
        assert_eq!(
            problems(&[3, 4], &[(20, &[(3, 4)]), (21, &[(4, 4)])]),
            [(4, NamingProblem::Twice)]
        );
    }

    #[test]
    fn what_is_named_is_bare() {
        assert_eq!(problems(&[3], &[(20, &[(3, 4)])]), [(4, NamingProblem::Filled)]);
        assert_eq!(problems(&[5], &[(20, &[(3, 5)])]), [(3, NamingProblem::Filled)]);
        assert_eq!(problems(&[], &[(20, &[(3, u64::MAX)])]), [(3, NamingProblem::Filled)]);
        assert_eq!(problems(&[0, 1], &[(2, &[(0, u64::MAX)])]), [(2, NamingProblem::Filled)]);
        assert_eq!(problems(&[7], &[(5, &[(7, 7)])]), [(7, NamingProblem::Unnamed)], "to come");
        // What is not in this part of the tree is not judged by it.
        let mut naming = Naming::default();
        naming.told(20, &told(&[(3, 9)]));
        assert_eq!(
            naming.problems(Part::Some(&BTreeSet::from([2, 8]))),
            [(8, NamingProblem::Filled)]
        );
    }

    #[test]
    fn what_waited_is_named_by_its_hash() {
        let mut naming = Naming::default();
        naming.bare(3, [1; 32]);
        naming.bare(4, [2; 32]);
        let emptied = Emptied { emptied: vec![], waiting: vec![encode_hash(&[1; 32])] };
        naming.told(9, &Told { emptied, ..Told::default() });
        assert_eq!(naming.problems(Part::Whole(100)), [(4, NamingProblem::Unnamed)]);
        assert!(naming.waiting().contains(&[1; 32]));
        let emptied = Emptied { emptied: vec![(4, 4)], waiting: vec![encode_hash(&[1; 32])] };
        naming.told(10, &Told { emptied, ..Told::default() });
        assert_eq!(naming.problems(Part::Whole(100)), [(10, NamingProblem::NamesAgain)]);
    }

    #[test]
    fn a_ledger_is_adopted_once() {
        let mut naming = Naming::default();
        let adoption = Told { before: Some(0), ..Told::default() };
        naming.told(0, &adoption);
        assert_eq!((naming.adopted_of(9), naming.problems(Part::Whole(100))), (0, vec![]));
        naming.told(7, &adoption);
        assert_eq!(naming.problems(Part::Whole(100)), [(7, NamingProblem::AdoptedAgain)]);
    }

    #[test]
    fn what_is_adopted_is_all_that_is_of_the_first_version() {
        let adopted_at_3 = |last: u64| {
            let mut naming = Naming::default();
            naming.first_version(last);
            naming.told(3, &Told { before: Some(3), ..Told::default() });
            naming.problems(Part::Whole(100))
        };
        assert_eq!(adopted_at_3(2), []);
        assert_eq!(adopted_at_3(4), [(4, NamingProblem::Outdated)]);
        let mut never = Naming::default();
        never.first_version(4);
        assert_eq!((never.adopted_of(9), never.problems(Part::Whole(9))), (9, vec![]));
    }
}
