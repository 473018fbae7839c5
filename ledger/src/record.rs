//! What the ledger records of itself, beside what it records of people: leaves of the same tree that name nobody.
//! And what a leaf of either sort says of other leaves.

use serde::{Deserialize, Serialize};

use super::digest::sha256_hex;

/// The kind of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "sqlx",
    derive(sqlx::Type),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
pub enum RecordType {
    /// What stood here before rows were authenticated is taken on the operator's word.
    Adopted,
    /// Events lost body and salt because their time was over.
    Purged,
    /// What else was done and published since the last one.
    Recorded,
    /// After a loss the ledger goes on under another name: the first leaf of an epoch.
    Resumed,
}

impl RecordType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Adopted, Self::Purged, Self::Recorded, Self::Resumed];

    /// The word in leaves and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Purged => "purged",
            Self::Recorded => "recorded",
            Self::Resumed => "resumed",
        }
    }
}

/// What any record, or an `erased` event, says of other leaves: read from its body, whatever else that holds.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Told {
    /// What it names as emptied.
    #[serde(flatten)]
    pub emptied: Emptied,
    /// What is taken on the operator's word: of an adoption.
    pub before: Option<u64>,
    /// How far the claims have come: of a record of them.
    pub claims: Option<Chain>,
    /// The name that the ledger goes on under after a loss: of that alone.
    pub epoch: Option<String>,
    /// The head that it goes on from; none where nothing was signed before.
    pub from: Option<NamedHead>,
    /// The newest head that was known then, which covers what was lost.
    pub known: Option<NamedHead>,
}

/// The events that lost body and salt together: so that no leaf stands bare that nobody answers for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emptied {
    /// Those that had their place in the tree: runs of indexes, first and last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emptied: Vec<(u64, u64)>,
    /// Those that still waited for it: the hashes of their leaves, base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
}

impl Emptied {
    /// These indexes, in any order, and those leaf hashes.
    #[must_use]
    pub fn new(mut indexes: Vec<u64>, waiting: Vec<String>) -> Self {
        indexes.sort_unstable();
        let mut emptied: Vec<(u64, u64)> = vec![];
        for index in indexes {
            match emptied.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => emptied.push((index, index)),
            }
        }
        Self { emptied, waiting }
    }

    /// Whether nothing was emptied.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.emptied.is_empty() && self.waiting.is_empty()
    }
}

/// A head, as bodies name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedHead {
    /// The name of the ledger.
    pub origin: String,
    /// Its root in base64.
    pub root: String,
    /// How many leaves it covers.
    pub size: u64,
}

/// A row of entries, each hashed with all before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// How many entries.
    pub count: i64,
    /// Lower-case hex SHA-256 of the one before it, as this text, and the RFC 8785 text of the last entry; of
    /// nothing, 64 zeros.
    pub sha256: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { count: 0, sha256: "0".repeat(64) }
    }
}

impl Chain {
    /// The row with one more entry.
    #[must_use]
    pub fn with(&self, canonical_entry: &str) -> Self {
        let sha256 = sha256_hex(format!("{}{canonical_entry}", self.sha256).as_bytes());
        Self { count: self.count + 1, sha256 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_become_runs() {
        let emptied = Emptied::new(vec![7, 3, 2, 4, 9], vec![]);
        assert_eq!(emptied.emptied, [(2, 4), (7, 7), (9, 9)]);
        assert!(Emptied::new(vec![], vec![]).is_empty() && !emptied.is_empty());
    }
}
