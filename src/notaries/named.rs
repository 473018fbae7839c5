//! Those that the operator named, and the way to them.

use std::sync::Arc;

use assent_ledger::add_checkpoint::Outcome;
use assent_ledger::note::SignedNote;
use assent_ledger::tree::Hash;
use url::Url;

use super::time_stamps::{Stamp, StampError, stamp};
use super::way::Way;
use super::witness::Witness;
use super::witness_error::WitnessError;
use crate::random::Moment;

/// Those that the operator named, and the way to them.
#[derive(Clone)]
pub struct Notaries {
    way: Way,
    witnesses: Arc<[Witness]>,
    time_stamps: Option<Url>,
}

impl Notaries {
    /// These.
    #[must_use]
    pub fn new(witnesses: &[Witness], time_stamps: Option<Url>) -> Self {
        Self { way: Way::default(), witnesses: witnesses.into(), time_stamps }
    }

    /// The witnesses, in the order in which they were set.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether heads are stamped.
    #[must_use]
    pub fn stamps(&self) -> bool {
        self.time_stamps.is_some()
    }

    /// Asks a witness to sign a head, with the proof that it holds all of the first `old` leaves that it knows.
    ///
    /// # Errors
    /// When it neither signs it with its key nor says how many leaves it knows.
    pub async fn ask_witness(
        &self,
        witness: &Witness,
        head: &SignedNote,
        (old, proof): (u64, &[Hash]),
    ) -> Result<Outcome, WitnessError> {
        witness.ask(&self.way, head, (old, proof)).await
    }

    /// Has a head stamped with the time.
    ///
    /// # Errors
    /// When there is no such stamp.
    pub async fn stamp(&self, head: &SignedNote, at: &Moment) -> Result<Stamp, StampError> {
        let address = self.time_stamps.as_ref().ok_or(StampError::Nobody)?;
        stamp(&self.way, address, head, at).await
    }
}
