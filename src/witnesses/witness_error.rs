//! Why a witness does not sign, in words that say what to do.

use assent_ledger::add_checkpoint::RequestError;
use assent_ledger::witness_answer::WitnessRefusal;

use crate::outgoing_http::HttpError;

/// Why a witness did not sign a head.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// It did not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// There is nothing to ask it with.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It answered, and did not sign.
    #[error("{}", advice(*.0))]
    Refused(WitnessRefusal),
    /// It signed what is not here, or knows of more than there is.
    #[error(
        "it signed a head of this ledger over {knows} leaves that does not belong to this one, whose newest has {size}: the \
         database went back in time or was changed, or a copy of it went on elsewhere; run `assent ledger verify`"
    )]
    OtherTree {
        /// How many leaves it knows of.
        knows: u64,
        /// How many there are.
        size: u64,
    },
    /// It names another size each time.
    #[error("it names another size each time that it is asked")]
    Unsteady,
}

/// What came of it, and what to do.
fn advice(refusal: WitnessRefusal) -> String {
    match refusal {
        WitnessRefusal::UnknownLedger => format!("{refusal}, which `assent ledger key` prints"),
        WitnessRefusal::OtherKey => {
            format!("{refusal}: give its operator the one that `assent ledger key` prints")
        }
        WitnessRefusal::Missing | WitnessRefusal::False => {
            format!("{refusal}: see whether its key in ledger.witnesses is right")
        }
        WitnessRefusal::Conflict | WitnessRefusal::Inconsistent => format!(
            "{refusal}: the database went back in time or was changed, or a copy of it went on elsewhere; run `assent \
             ledger verify`"
        ),
        WitnessRefusal::Status(300..400) | WitnessRefusal::Unread | WitnessRefusal::Form => {
            format!("{refusal}: see whether its address in ledger.witnesses is right")
        }
        WitnessRefusal::Status(_) => refusal.to_string(),
    }
}

impl WitnessError {
    /// Whether it may be over soon, so that nobody need look at once.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Http(error) => error.passes(),
            Self::Refused(WitnessRefusal::Status(status)) => *status == 429 || *status >= 500,
            Self::Unsteady => true,
            Self::Refused(_) | Self::Request(_) | Self::OtherTree { .. } => false,
        }
    }
}
