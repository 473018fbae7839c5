//! Why a text is no receipt to be believed.

use super::difference::Difference;
use crate::jws::JwsError;
use crate::note::NoteError;

/// Why a text is not a receipt to be believed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not signed as a receipt by a known key.
    #[error("this is not a receipt")]
    Signature(#[from] JwsError),
    /// Signed, but not with what a receipt has.
    #[error("the receipt lacks what proves it")]
    Payload(#[source] serde_json::Error),
    /// Something in it that has no canonical form.
    #[error("something in the receipt cannot be written in canonical form (RFC 8785)")]
    Unwritable(#[source] serde_json::Error),
    /// Of a form that is not known here.
    #[error("the receipt is of a form that this program does not know: a newer one may")]
    Schema,
    /// Of the older form, though its event is of a program that gives out the newer one.
    #[error("the receipt was cut down to an older form, so that less of it would be compared")]
    CutDown,
    /// The leaf has another form than the ledger gives it.
    #[error("the receipt's leaf is not one of the ledger's")]
    Leaf,
    /// The body is not what the leaf commits to.
    #[error("the receipt's leaf does not commit to its body")]
    Commitment,
    /// What the body names by a hash is not there, or is something else.
    #[error("the receipt's context is not the one that its body names")]
    Context,
    /// What the context names by a hash is not there, or is something else; or it is there, and the context names none.
    #[error("the receipt's {0} is not the one that its event names")]
    Document(&'static str),
    /// What it says of itself or its event is no moment, no id or no address.
    #[error("what the receipt says in {0} is not of the form that it must have there")]
    Form(&'static str),
    /// What it says does not follow from what it proves.
    #[error("{0}")]
    Differs(Difference),
    /// The same in another spelling, in which programs could read different things.
    #[error("the receipt is not in its canonical form (RFC 8785)")]
    Spelling,
    /// The checkpoint is damaged.
    #[error("the receipt's checkpoint is not a signed checkpoint")]
    Checkpoint(#[source] NoteError),
    /// The checkpoint is somebody else's.
    #[error("the receipt's checkpoint was not signed by a known key")]
    CheckpointSignature,
    /// The checkpoint is of another ledger than the one whose key signed it.
    #[error("the receipt is of the ledger {0:?}, and signed by the key of another")]
    OtherLedger(String),
    /// The proof leads elsewhere.
    #[error("the receipt's proof does not lead from its leaf to its checkpoint")]
    Inclusion,
}
