//! The proof that a tree begins with all leaves of an older one (RFC 6962 §2.1.2), as it is handed on.

use super::note::encode_hash;
use super::tree::Hash;

/// Leads from a tree of `old_size` leaves to a larger one, whose head stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// How many leaves the older tree has.
    pub old_size: u64,
    /// The hashes; none from an empty tree, or from one to itself.
    pub hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// That a tree begins with nothing, or with itself: there is nothing to prove.
    #[must_use]
    pub fn trivial(old_size: u64) -> Self {
        Self { old_size, hashes: Vec::new() }
    }

    /// The proof and the signed note of the larger tree as one text (C2SP tlog-witness, `add-checkpoint`): the older
    /// size, a hash a line in base64, an empty line, the note.
    #[must_use]
    pub fn text(&self, note: &str) -> String {
        let hashes: String = self.hashes.iter().map(|hash| encode_hash(hash) + "\n").collect();
        format!("old {}\n{hashes}\n{note}", self.old_size)
    }
}
