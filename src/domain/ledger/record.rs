//! What the ledger records of itself, beside what it records of people: leaves of the same tree that name nobody.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::catalog::notice::sha256_hex;
use crate::domain::consent::event::Emptied;
use crate::domain::timestamp::Timestamp;

/// The kind of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
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

/// The body of an `adopted` record. There is one in a ledger, and never a second.
#[derive(Clone, Debug, Serialize)]
pub struct Adoption {
    /// When.
    pub at: Timestamp,
    /// The leaves that stood bare by then.
    #[serde(flatten)]
    pub emptied: Emptied,
    /// How many leaves, from the first, are taken on the operator's word.
    pub before: u64,
    /// Its key.
    pub record_id: Uuid,
}

/// The body of a `purged` record: indexes alone, and nothing that leads to a person.
#[derive(Clone, Debug, Serialize)]
pub struct Purge<'a> {
    /// When.
    pub at: Timestamp,
    /// What was emptied.
    #[serde(flatten)]
    pub emptied: &'a Emptied,
    /// Its key.
    pub record_id: Uuid,
}

/// The body of a `recorded` record: how far all else that is claimed has come.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    /// When.
    pub at: Timestamp,
    /// The entries of the audit, which hold the exports with their hashes, the notices and the policies.
    pub claims: Chain,
    /// Its key.
    pub record_id: Uuid,
}

/// A head, as bodies name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedHead {
    /// Whose.
    pub origin: String,
    /// Its root in base64.
    pub root: String,
    /// How many leaves it covers.
    pub size: u64,
}

/// The body of a `resumed` record, the first leaf of its epoch.
#[derive(Clone, Debug, Serialize)]
pub struct Resumption {
    /// When.
    pub at: Timestamp,
    /// The ledger's name from now on.
    pub epoch: String,
    /// The head that it goes on from; none where nothing was signed yet.
    pub from: Option<NamedHead>,
    /// The newest head that is known, which covers what was lost; none when no head was left anywhere.
    pub known: Option<NamedHead>,
    /// Its key.
    pub record_id: Uuid,
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
    /// The head that the ledger goes on from after a loss.
    pub from: Option<NamedHead>,
}

/// A row of entries, each hashed with all before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// How many.
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
