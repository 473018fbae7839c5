//! What a check of the ledger came to.

use crate::domain::timestamp::Timestamp;

/// How many findings, and how many warnings, are told.
const TOLD: usize = 20;

/// What a check came to.
#[derive(Debug)]
pub struct Verification {
    /// When it was over; the verdict that was kept bears the same moment.
    pub checked_at: Timestamp,
    /// How many leaves have their place in the tree: events, and what the ledger records of itself.
    pub size: i64,
    /// How many events have lost their bodies, with the ledger's knowledge or without.
    pub erased: u64,
    /// How many signed heads were held against the tree.
    pub checkpoints: u64,
    /// How many leaves, from the first, are taken on the operator's word.
    pub adopted: u64,
    /// The first things that are wrong, in the order of the tree.
    pub findings: Vec<String>,
    /// How many more there are.
    pub more: u64,
    /// The first things that are strange and may have their reason, such as a clock that was set back.
    pub warnings: Vec<String>,
    /// Whether another check that ended meanwhile found something, which only a new one can say more of.
    pub overtaken: bool,
    /// What was found of the piece under way, each with its row.
    found: Vec<(i64, String)>,
}

impl Verification {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self {
            checked_at: now,
            size: 0,
            erased: 0,
            checkpoints: 0,
            adopted: 0,
            findings: vec![],
            more: 0,
            warnings: vec![],
            overtaken: false,
            found: vec![],
        }
    }

    /// Whether nothing at all is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, row: i64, what: String) {
        self.found.push((row, what));
    }

    /// Tells what was found of a piece, in the order of its rows.
    pub(super) fn tell_found(&mut self) {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|(row, _)| *row);
        for (_, what) in found {
            self.add(what);
        }
    }

    pub(super) fn add(&mut self, what: String) {
        if self.findings.len() < TOLD {
            self.findings.push(what);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn warn(&mut self, what: String) {
        if self.warnings.len() < TOLD {
            self.warnings.push(what);
        }
    }
}
