//! The bodies of what the ledger records of itself.

use assent_ledger::record::{Chain, Emptied, NamedHead};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;

/// The body of an `adopted` record. There is one in a ledger, and never a second.
#[derive(Clone, Debug, Serialize)]
pub struct Adoption {
    /// When it was recorded.
    pub at: Timestamp,
    /// The leaves that stood bare by then.
    #[serde(flatten)]
    pub emptied: Emptied,
    /// How many leaves, from the first, are taken on the operator's word.
    pub before: u64,
    /// The key of the record.
    pub record_id: Uuid,
}

/// The body of a `purged` record: indexes alone, and nothing that leads to a person.
#[derive(Clone, Debug, Serialize)]
pub struct Purge<'a> {
    /// When it was recorded.
    pub at: Timestamp,
    /// What was emptied.
    #[serde(flatten)]
    pub emptied: &'a Emptied,
    /// The key of the record.
    pub record_id: Uuid,
}

/// The body of a `recorded` record: how far all else that is claimed has come.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    /// When it was recorded.
    pub at: Timestamp,
    /// The entries of the audit, which hold the exports with their hashes, the notices and the policies.
    pub claims: Chain,
    /// The key of the record.
    pub record_id: Uuid,
}

/// The body of a `resumed` record, the first leaf of its epoch.
#[derive(Clone, Debug, Serialize)]
pub struct Resumption {
    /// When it was recorded.
    pub at: Timestamp,
    /// The ledger's name from now on.
    pub epoch: String,
    /// The head that it goes on from; none where nothing was signed yet.
    pub from: Option<NamedHead>,
    /// The newest head that is known, which covers what was lost; none when no head was left anywhere.
    pub known: Option<NamedHead>,
    /// The key of the record.
    pub record_id: Uuid,
}
