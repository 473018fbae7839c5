//! What this process knows of the file store's endings.

use std::collections::{HashMap, HashSet};

use super::journal::{ReadUpTo, whole_lines};
use super::objects::object_name;

/// What this process knows of the file store.
#[derive(Debug, Default)]
pub(super) struct Exchanged {
    /// The objects whose lines are in the file, and their sizes in bytes.
    pub(super) known: HashMap<String, u64>,
    /// The lines that stand in those objects.
    pub(super) there: HashSet<Mark>,
    /// Where the first piece begins that is not full, or not there.
    pub(super) begins: u64,
    /// The object of that piece, which the next one of it replaces.
    pub(super) last: Option<Last>,
    /// How far the file was read.
    pub(super) place: ReadUpTo,
}

/// The object of a piece that may grow.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) name: String,
    /// How many bytes it holds.
    pub(super) length: usize,
}

impl Last {
    /// Whether this piece holds all that the object does: only then may it take its place.
    pub(super) fn is_in(&self, piece: &[u8]) -> bool {
        piece.get(..self.length).is_some_and(|begin| object_name(begin) == self.name)
    }
}

/// What tells one line from all others: the MAC at its end, in hex.
type Mark = [u8; 32];

fn mark(line: &[u8]) -> Option<Mark> {
    line.last_chunk().copied()
}

impl Exchanged {
    /// The lines of this piece stand in an object of this name.
    pub(super) fn know(&mut self, name: String, piece: &[u8]) {
        self.there.extend(whole_lines(piece).filter_map(|(_, line)| mark(line)));
        self.known.insert(name, piece.len() as u64);
    }

    /// Whether the lines of an object are known, which has this size now.
    pub(super) fn knows(&self, name: &str, size: u64) -> bool {
        self.known.get(name) == Some(&size)
    }

    /// Whether the store has each line of a piece already, in whatever object.
    pub(super) fn has_all(&self, piece: &[u8]) -> bool {
        whole_lines(piece).all(|(_, line)| self.has(line))
    }

    pub(super) fn has(&self, line: &[u8]) -> bool {
        mark(line).is_some_and(|mark| self.there.contains(&mark))
    }
}
