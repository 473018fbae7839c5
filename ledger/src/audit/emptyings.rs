//! What was emptied, counted by what emptied it and by what the leaves that are left are about: the leaf shows that.

use std::collections::BTreeMap;

use super::report::{EmptiedBy, Emptier};
use crate::event_type::EventType;
use crate::leaf::LeafType;
use crate::note::decode_hash;
use crate::record::{Emptied, RecordType};
use crate::tree::Hash;

/// The leaves that stand bare, and those that name them.
#[derive(Debug, Default)]
pub(super) struct Emptyings {
    /// In the order of the tree, with the first bytes of each one's hash.
    bare: Vec<(u64, [u8; 8], EventType)>,
    namers: Vec<Namer>,
}

#[derive(Debug)]
struct Namer {
    index: u64,
    by: Emptier,
    emptied: Emptied,
}

/// What was emptied, and what is remarkable about it.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) emptied: Vec<EmptiedBy>,
    pub(super) remarks: Vec<String>,
}

impl Emptyings {
    /// A leaf that stands bare.
    pub(super) fn bare(&mut self, index: u64, leaf: &Hash, leaf_type: Option<LeafType>) {
        if let Some(LeafType::Event(event_type)) = leaf_type {
            self.bare.push((index, first_bytes(leaf), event_type));
        }
    }

    /// What the leaf at `index` names as emptied.
    pub(super) fn told(&mut self, index: u64, emptied: &Emptied, leaf_type: Option<LeafType>) {
        let by = match leaf_type {
            Some(LeafType::Event(_)) => Emptier::Erasure,
            Some(LeafType::Record(RecordType::Adopted)) => Emptier::Adoption,
            _ => Emptier::Purge,
        };
        if !emptied.is_empty() {
            self.namers.push(Namer { index, by, emptied: emptied.clone() });
        }
    }

    /// Counts them: of a bundle in which each leaf that stands bare is named once, else it would take too long.
    pub(super) fn count(&self) -> Counted {
        let mut sums: BTreeMap<Emptier, EmptiedBy> = BTreeMap::new();
        let mut add = |by: Emptier, types: &[EventType]| {
            let sum = sums.entry(by).or_insert_with(|| EmptiedBy::nothing(by));
            sum.times += 1;
            for event_type in types {
                *sum.events.entry(*event_type).or_default() += 1;
            }
        };
        let mut remarks = vec![];
        let waited: BTreeMap<[u8; 8], EventType> =
            if self.namers.iter().any(|namer| !namer.emptied.waiting.is_empty()) {
                self.bare.iter().map(|(_, leaf, event_type)| (*leaf, *event_type)).collect()
            } else {
                BTreeMap::new()
            };
        for Namer { index, by, emptied } in &self.namers {
            let runs = emptied.emptied.iter().flat_map(|(first, last)| self.run(*first, *last));
            let in_place: Vec<EventType> = runs.collect();
            let hashes = emptied.waiting.iter().filter_map(|hash| decode_hash(hash));
            let waiting: Vec<EventType> =
                hashes.filter_map(|hash| waited.get(&first_bytes(&hash)).copied()).collect();
            if !in_place.is_empty() {
                add(*by, &in_place);
            }
            if !waiting.is_empty() {
                add(Emptier::Waiting, &waiting);
            }
            let has = |wanted: fn(EventType) -> bool| {
                in_place.iter().chain(&waiting).any(|event_type| wanted(*event_type))
            };
            if has(|event_type| event_type == EventType::Withdrawn) && !has(EventType::in_force) {
                remarks.push(format!(
                    "index {index} has a withdrawal emptied and no consent with it: of whoever left, nobody can see it \
                     any more"
                ));
            }
        }
        Counted { emptied: sums.into_values().collect(), remarks }
    }

    /// What the bare leaves from `first` to `last` are about.
    fn run(&self, first: u64, last: u64) -> impl Iterator<Item = EventType> {
        let from = self.bare.partition_point(|(index, ..)| *index < first);
        let within = move |(index, ..): &&(u64, [u8; 8], EventType)| *index <= last;
        self.bare[from..].iter().take_while(within).map(|(.., event_type)| *event_type)
    }
}

fn first_bytes(leaf: &Hash) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&leaf[..8]);
    first
}
