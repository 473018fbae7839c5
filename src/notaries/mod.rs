//! Whoever outside vouches for our heads: witnesses, that each holds all that they saw before (C2SP tlog-witness), and a
//! time-stamping authority, when it was there (RFC 3161). They are asked over HTTP at the addresses that the operator set,
//! and nowhere that an answer names.

mod address;
mod named;
mod time_stamps;
mod way;
mod witness;
mod witness_error;

pub use address::AddressError;
pub use named::Notaries;
pub use time_stamps::{Stamp, StampError, time_stamps_address};
pub use way::WayError;
pub use witness::{Witness, WitnessFormError, read_witnesses};
pub use witness_error::WitnessError;
