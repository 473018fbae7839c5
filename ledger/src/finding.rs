//! What an audit finds, each thing with the place where it was found.

use std::fmt;

use uuid::Uuid;

use super::bundle::{EVENTS, KeysError};
use super::jws::JwsError;
use super::naming::NamingProblem;
use super::note::NoteError;
use super::timestamp::TimeStampError;

/// How many findings a report lists; the rest it counts.
const LISTED: usize = 20;

/// One thing that is wrong in a bundle.
#[derive(Debug)]
pub struct Finding {
    /// The row or the file.
    pub place: Location,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        // What a key's text lacks stands beneath the problem.
        let mut source = std::error::Error::source(&self.problem);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// Where in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A line of `events.ndjson`.
    Row(Row),
    /// A file, by its path within the bundle.
    File(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => write!(f, "{EVENTS} {row}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// A line of `events.ndjson`, by all that is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number of the line, from 1; 0 where only the index is known.
    pub line: u64,
    /// The index that it names.
    pub index: Option<u64>,
    /// The event that its body names.
    pub event_id: Option<Uuid>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (0, Some(index)) = (self.line, self.index) {
            return write!(f, "index {index}");
        }
        write!(f, "line {}", self.line)?;
        match (self.index, self.event_id) {
            (Some(index), Some(id)) => write!(f, " (index {index}, event {id})"),
            (Some(index), None) => write!(f, " (index {index})"),
            (None, Some(id)) => write!(f, " (event {id})"),
            (None, None) => Ok(()),
        }
    }
}

/// What can be wrong in a bundle.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A line that is too long to be read.
    #[error("the line is longer than 16 MiB and was passed over")]
    LongLine,
    /// A line that is no event.
    #[error("the line is not a JSON object with index, leaf, salt and body")]
    Line,
    /// A line with a member that no event has.
    #[error("the line has a member {0:?}, which no event has")]
    Member(String),
    /// Rows of a whole bundle count up from 0, and those of a part at least up.
    #[error("the index should be {0}: an event is missing, doubled or out of its order")]
    Index(u64),
    /// In a partial bundle, the index is not above that of the row before.
    #[error("the index is not above that of the line before")]
    Order,
    /// The leaf has another form than the ledger gives it, or names an unknown type.
    #[error("the leaf is not in its canonical form, or of no known type")]
    Leaf,
    /// A salt without a body, or a body without a salt.
    #[error("of salt and body there is only one; erasure drops both")]
    HalfErased,
    /// A record of the ledger's own without salt or body: nothing of those is ever erased.
    #[error("it is what the ledger records of itself, and its salt or body is gone")]
    BareRecord,
    /// A salt that is not 32 bytes in base64url.
    #[error("the salt is not base64url of 32 bytes")]
    Salt,
    /// The body could be read in two ways.
    #[error("the body has a name twice, or a number or text that JSON cannot carry")]
    Body,
    /// The HMAC of the body under the salt is not the leaf's.
    #[error("the leaf does not commit to this body: body, salt or leaf was changed")]
    Commitment,
    /// A body without what every event of its version has.
    #[error(
        "the body does not name its event, its notice and its policy; or, of version 2, its context and its place"
    )]
    Evidence,
    /// What the ledger records of itself, and it does not say of other leaves what its type must say.
    #[error("the record does not say what it should say of other entries")]
    Record,
    /// The words were changed before they were committed to.
    #[error("the notice's SHA-256 is not that of its text")]
    NoticeText,
    /// A label that no policy can have.
    #[error("the policy's label is not a label")]
    PolicyLabel,
    /// An event whose predecessor, which it names, is missing: of the same signup or subscriber.
    #[error("the event before it of the same signup or subscriber is missing")]
    Gap,
    /// An event that still has its body, of somebody who was erased before it in the tree.
    #[error("it is about somebody who was erased, and has its body")]
    LeftOver,
    /// The erasure of somebody of whom there was nothing, which says that something of theirs was emptied.
    #[error(
        "it is the first event of its subscriber, and says that something of theirs was emptied"
    )]
    NothingOfTheirs,
    /// An event of the same id as one before it in the tree.
    #[error("another event before it has the same id")]
    SameEvent,
    /// What the ledger claims to have done falls back behind what it claimed before.
    #[error("it counts fewer claims than an entry before it, or others")]
    Claims,
    /// A ledger that says that it went on after a loss, and not from what stands before that.
    #[error("it says that the ledger went on from {0} entries, and it does not stand behind them")]
    ResumedSize(u64),
    /// The same of the tree over them.
    #[error("it says that the ledger went on from another tree than that of the entries before it")]
    ResumedRoot,
    /// A name that a ledger cannot go on under.
    #[error(
        "it says that the ledger went on as {epoch:?}, and that is no later name than each before, of the same ledger: \
         it was called {before:?}"
    )]
    ResumedName {
        /// The name that it says.
        epoch: String,
        /// The name before.
        before: String,
    },
    /// A checkpoint under a name that the ledger says nowhere that it went on under.
    #[error("it is of {origin:?}, and by its entries the ledger is called {said:?}")]
    Renamed {
        /// The name of the ledger in the checkpoint.
        origin: String,
        /// The name that it has by its entries.
        said: String,
    },
    /// A leaf that is bare and named by no other as emptied, or is named and not bare.
    #[error("{0}")]
    Naming(NamingProblem),
    /// A context that cannot be read.
    #[error("the file is not a context as events name it; {0} refers to it")]
    Context(Row),
    /// A partial bundle without the signed word on how many events it has.
    #[error("the signed word on how many events these are is missing")]
    NoExtent,
    /// A signed word on how many events there are that the key did not sign.
    #[error("the signed word on how many events these are does not count")]
    Extent(#[source] JwsError),
    /// A signed word on how many events there are that is of other events, or of another checkpoint.
    #[error(
        "the signed word is on other events, or on another checkpoint: some were left out or added"
    )]
    OtherExtent,
    /// A row of a partial bundle without its inclusion proof.
    #[error("the line has no inclusion proof, which each needs where others are left out")]
    NoProof,
    /// An inclusion proof that does not lead to the checkpoint's root.
    #[error("the inclusion proof does not lead from the leaf to the checkpoint's root")]
    Proof,
    /// A file that rows refer to is not there.
    #[error("the file is missing; {0} refers to it")]
    Missing(Row),
    /// A file that rows refer to is there, and not for reading.
    #[error("the file cannot be read; {0} refers to it")]
    Unreadable(Row, #[source] std::io::Error),
    /// A file has another content than rows refer to.
    #[error("the file's SHA-256 is not the one that {0} names")]
    Content(Row),
    /// A file that nothing in the bundle names.
    #[error("nothing in the bundle names this file: it is no part of it")]
    Unnamed,
    /// A directory that cannot be listed.
    #[error("what lies there cannot be listed")]
    Listing(#[source] std::io::Error),
    /// Another number of rows than the checkpoint was made over.
    #[error("the bundle has {events} events, and its checkpoint was made over {size}")]
    Size {
        /// Rows that are there.
        events: u64,
        /// Leaves that the checkpoint names.
        size: u64,
    },
    /// Rows whose root is not the checkpoint's.
    #[error("the root over the leaves is not the checkpoint's: leaves were changed or exchanged")]
    Root,
    /// A checkpoint that none of the bundle's own keys signed.
    #[error("it is signed by none of the keys in keys.json")]
    Unsigned,
    /// A checkpoint that the key known from before did not sign.
    #[error("it is not signed by the key that was given to check against")]
    OtherKey,
    /// A checkpoint of another ledger than the one whose key signed it.
    #[error("it is of the ledger {origin:?}, and signed by the key of another, {key:?}")]
    Origin {
        /// The ledger that the checkpoint is of.
        origin: String,
        /// The name that the key signs under.
        key: String,
    },
    /// A checkpoint that fewer witnesses signed than the auditor wants.
    #[error("{count} of the witnesses that you named signed it, and {quorum} must have")]
    Witnesses {
        /// Those that did.
        count: usize,
        /// Those that must.
        quorum: usize,
    },
    /// An entry that is newer than what a witness saw.
    #[error(
        "it was written at {entry}, as it says, and the checkpoint over the first {size} leaves, which covers it, was \
         signed by a witness at {cosigned}: it was made up, or a clock was wrong"
    )]
    TooNew {
        /// When it was written, as it says.
        entry: String,
        /// When the witness signed.
        cosigned: String,
        /// How many leaves the checkpoint covers.
        size: u64,
    },
    /// A time stamp or the checkpoint beside it that cannot be read.
    #[error("of a time stamp and the checkpoint that it is over, this file cannot be read")]
    StampFile(#[source] std::io::Error),
    /// A file of a time stamp that holds none.
    #[error("the file is not a time stamp")]
    Stamp(#[source] TimeStampError),
    /// A file beside a time stamp that holds no checkpoint.
    #[error("the file is not a signed checkpoint")]
    StampNote(#[source] NoteError),
    /// A checkpoint beside a time stamp that no key of the ledger signed.
    #[error("the checkpoint beside the time stamp is not signed by a key of this ledger")]
    StampUnsigned,
    /// A time stamp of something else than the checkpoint beside it.
    #[error("the time stamp is not over the checkpoint beside it")]
    Imprint,
    /// A time stamp that is older than an entry under its checkpoint.
    #[error(
        "the time stamp says {stamped}, and its checkpoint covers {row}, which was written at {entry}: it was made up, \
         or a clock was wrong"
    )]
    StampTooOld {
        /// The time that it says.
        stamped: String,
        /// The newest entry that its checkpoint covers.
        row: Row,
        /// When that was written, as it says.
        entry: String,
    },
    /// The list of keys cannot be used.
    #[error("the list of keys cannot be used")]
    Keys(#[source] KeysError),
    /// A list of keys that cannot be read.
    #[error("the list of keys cannot be read")]
    KeysFile(#[source] std::io::Error),
    /// An earlier checkpoint of another ledger.
    #[error("the earlier checkpoint is of another ledger, {0:?}")]
    EarlierOrigin(String),
    /// An earlier checkpoint over more events than there are now.
    #[error("the earlier checkpoint was made over {0} events, more than there are now")]
    EarlierSize(u64),
    /// An earlier checkpoint whose root is not that of as many leaves now.
    #[error("the root over the first {0} leaves is not that of the earlier checkpoint")]
    EarlierRoot(u64),
    /// An earlier checkpoint over entries that a loss took.
    #[error(
        "the earlier checkpoint was made over {size} entries, and those behind the first {from} were lost before \
         the ledger went on as {origin:?}"
    )]
    EarlierLost {
        /// How many it was made over.
        size: u64,
        /// How many the ledger went on from.
        from: u64,
        /// Its name since.
        origin: String,
    },
    /// An earlier checkpoint that was given with a partial bundle.
    #[error("a bundle that leaves events out cannot be checked against an earlier checkpoint")]
    EarlierPartial,
}

/// The first findings, and how many more there are.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) listed: Vec<Finding>,
    pub(super) more: u64,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        if self.listed.len() < LISTED {
            self.listed.push(finding);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn file(&mut self, path: impl Into<String>, problem: Problem) {
        self.add(Finding { place: Location::File(path.into()), problem });
    }

    pub(super) fn row(&mut self, row: Row, problem: Problem) {
        self.add(Finding { place: Location::Row(row), problem });
    }
}
