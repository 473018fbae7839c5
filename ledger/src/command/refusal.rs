//! Why a command of an auditor does not end well.

use std::io;

use uuid::Uuid;

use crate::audit::AuditError;
use crate::note::{KeyError, NoteError};
use crate::promise::PromiseError;
use crate::receipt::{ReceiptError, Uncompared};
use crate::text_file::UnreadableText;
use crate::witnesses::WitnessesError;

/// Why a bundle or a receipt is not believed, or not as a whole; what was found is printed before.
#[derive(Debug, thiserror::Error)]
pub enum AuditRefusal {
    /// The key that was given cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The witnesses that were given cannot be asked for.
    #[error(transparent)]
    Witnesses(#[from] WitnessesError),
    /// Fewer witnesses signed the receipt's checkpoint than must have.
    #[error("too few witnesses signed the checkpoint of the receipt")]
    Unwitnessed,
    /// A file that was given cannot be read.
    #[error(transparent)]
    File(#[from] UnreadableText),
    /// Standard input cannot be read.
    #[error(transparent)]
    Input(#[from] io::Error),
    /// The checkpoint that was given cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// The bundle cannot be audited at all.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The receipt fails by itself.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The promise fails by itself.
    #[error(transparent)]
    Promise(#[from] PromiseError),
    /// The receipt is of the older form, and all of it agrees that could be compared.
    #[error(
        "compared in part: signed by this key, {place}. But it is of an older form, in which these stand on the word of \
         whoever signed it: {}. Ask for a new receipt of the same event",
        listed(.left)
    )]
    ComparedInPart {
        /// What could not be compared.
        left: &'static [Uncompared],
        /// In what it is proved to be, and who else vouches for that.
        place: String,
    },
    /// `--receipt` was given with what is no promise.
    #[error("--receipt is for a promise, and this is none")]
    NoPromise,
    /// Witnesses were named for a promise alone, which has no checkpoint.
    #[error(
        "a promise has no checkpoint that a witness could have signed: give --bundle or --receipt with it"
    )]
    NoCheckpoint,
    /// The receipt is of another event or leaf than the promise, or of another ledger.
    #[error("the receipt is of another event than the promise")]
    OtherReceipt,
    /// The bundle that a promise was held against has findings.
    #[error("the promise is signed, and the bundle does not prove what it says")]
    NotProvedKept,
    /// A partial bundle does not have the promised leaf.
    #[error(
        "the event is not among those of this bundle, which leaves some out: take one of the whole ledger"
    )]
    NotInPart,
    /// A bundle of the whole ledger does not have the promised leaf.
    #[error(
        "the event that was promised is not in the ledger: unless the bundle was made before {due}, the promise is broken"
    )]
    NotKept {
        /// By when it was promised.
        due: String,
    },
    /// The bundle has the promised leaf, and its body names another event.
    #[error("the leaf that was promised is in the ledger, and is that of another event, {0}")]
    OtherEvent(Uuid),
    /// The bundle has the promised leaf, which was emptied before it was promised.
    #[error(
        "the leaf that was promised is in the ledger, and was emptied at {at}, before it was promised: it is that of \
         another event"
    )]
    EmptiedBefore {
        /// When what names it as emptied was written.
        at: String,
    },
    /// The bundle has findings.
    #[error("the bundle does not prove what it says")]
    Unproven,
    /// The bundle that a receipt was held against has findings.
    #[error("the receipt is signed, and the bundle does not prove that the ledger still holds it")]
    NotHeldStill,
}

impl AuditRefusal {
    /// What the program ends with: 3 where nothing disagrees and not all could be compared, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::ComparedInPart { .. }) { 3 } else { 1 }
    }
}

fn listed(left: &[Uncompared]) -> String {
    left.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
