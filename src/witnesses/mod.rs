//! Witnesses outside sign that a head holds all that they saw before (C2SP tlog-witness). What they answer is judged in
//! `assent_ledger::witness_answer`.

mod ask;
mod witness;
mod witness_error;

pub use ask::Witnesses;
pub use witness::{Witness, WitnessFormError, read_witnesses};
pub use witness_error::WitnessError;
