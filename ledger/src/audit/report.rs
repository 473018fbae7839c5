//! What an audit comes to, and what the auditor knew before it.

use std::collections::BTreeMap;
use std::io;

use crate::event_type::EventType;
use crate::finding::{Finding, Row};
use crate::note::{NoteError, SignedNote, VerifyingKey};
use crate::record::NamedHead;
use crate::tree::Hash;
use crate::witnesses::{Witnessed, Witnesses};

/// How many warnings of one sort are told.
pub(super) const WARNED: usize = 20;

/// What the auditor knows from elsewhere than the bundle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The ledger's key; without it, the bundle's own word on its keys is taken.
    pub key: Option<&'a VerifyingKey>,
    /// A checkpoint that was kept: the ledger must still begin with the leaves it was made over.
    pub earlier: Option<&'a SignedNote>,
    /// Witnesses that must have signed the bundle's checkpoint.
    pub witnesses: Option<&'a Witnesses>,
    /// The hash of a leaf that is looked for.
    pub leaf: Option<Hash>,
}

/// Why a bundle cannot be audited at all.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file that every bundle has cannot be read.
    #[error("{0} of the bundle cannot be read")]
    Read(&'static str, #[source] io::Error),
    /// There is nothing to check against.
    #[error("checkpoint of the bundle is not a signed checkpoint")]
    Checkpoint(#[source] NoteError),
    /// What was kept accuses nobody: the known key did not sign it.
    #[error(
        "the checkpoint that you kept is not signed by the key that you gave, so it says nothing of this bundle: it is \
         somebody else's, or from before the key was replaced"
    )]
    ForeignToKey,
    /// The same where only the bundle says which keys there are.
    #[error(
        "the checkpoint that you kept is signed by none of the keys in keys.json, so one of the two is somebody else's: \
         give the key that you know with --key"
    )]
    ForeignToBundle,
}

/// What an audit came to.
#[derive(Debug)]
pub struct AuditReport {
    /// Rows of the bundle.
    pub events: u64,
    /// Rows among them that have only their leaf left.
    pub erased: u64,
    /// The same by what emptied them, and by what they were about; nothing where there are findings.
    pub emptied: Vec<EmptiedBy>,
    /// Where the ledger went on after a loss, as it says.
    pub resumptions: Vec<Resumption>,
    /// How many leaves, from the first, stand on the operator's word: they were there before rows were
    /// authenticated. A partial bundle does not say.
    pub adopted: u64,
    /// The first things that are strange and may have their reason, such as a clock that was set back, and files that a
    /// file manager left.
    pub warnings: Vec<String>,
    /// Leaves of the tree, as the checkpoint has it.
    pub size: u64,
    /// The root of the tree, as the checkpoint has it.
    pub root: Hash,
    /// Whose tree it is, as the checkpoint has it.
    pub origin: String,
    /// The key that vouched for the checkpoint; without one there is a finding.
    pub key: Option<VerifyingKey>,
    /// That key's [`VerifyingKey::fingerprint`], to be compared with what its owner says; else empty.
    pub fingerprint: String,
    /// What the checkpoint has of the witnesses that were asked for.
    pub witnessed: Option<Witnessed>,
    /// The time stamps that are over checkpoints of the ledger, in the order of their days. None proves anything yet: who
    /// signed them was not checked, and of a part not whether the ledger holds those checkpoints.
    pub stamps: Vec<Stamped>,
    /// Where the leaf stands that was looked for, if it is there.
    pub found: Option<Found>,
    /// Whether events were left out, and each was checked by its inclusion proof instead of all by the
    /// root. Such a bundle shows that its events are in the ledger, not that they are all.
    pub partial: bool,
    /// The first 20 things that are wrong.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

impl AuditReport {
    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What has leaves emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Emptier {
    /// A person was erased.
    Erasure,
    /// Their time was over.
    Purge,
    /// They stood bare when the ledger was adopted.
    Adoption,
    /// Whichever of these, before they had their place: nobody outside saw them otherwise.
    Waiting,
}

/// What was emptied in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptiedBy {
    /// The way.
    pub by: Emptier,
    /// How many entries say so.
    pub times: u64,
    /// How many events, by what they were about.
    pub events: BTreeMap<EventType, u64>,
}

impl EmptiedBy {
    pub(super) fn nothing(by: Emptier) -> Self {
        Self { by, times: 0, events: BTreeMap::new() }
    }
}

/// Where the ledger went on after a loss, as the leaf says that began the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// The place of that leaf: so many went before it.
    pub index: u64,
    /// The name since.
    pub epoch: String,
    /// The newest head that was known then.
    pub known: Option<NamedHead>,
}

/// Where a leaf stands that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its row.
    pub row: Row,
    /// Whether nothing but the leaf is left: nobody can see any more of which event it was.
    pub bare: bool,
    /// When what names it as emptied was written, as that says, in seconds since the Unix epoch.
    pub emptied_at: Option<i64>,
}

/// A time stamp that is over a checkpoint of the ledger. By whom it was signed is not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The file of the time stamp, by its path within the bundle.
    pub file: String,
    /// When, as it says, RFC 3339.
    pub at: String,
    /// How many leaves the checkpoint was made over.
    pub size: u64,
}
