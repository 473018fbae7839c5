//! What is kept outside the database, so that a database that went back in time is recognised, and brings
//! nobody back who left: every signed head, and every ending. Each lies twice: in the data directory and in the
//! file store, which replicas share. There also lies which verdict on the ledger is the newest.

mod ending;
mod endings;
mod error;
mod exchange;
#[cfg(test)]
mod exchange_tests;
mod exchanged;
mod heads;
mod held;
mod journal;
mod known;
mod objects;
mod places;
mod seen;
mod verdict;

pub use ending::{Ending, EndingReason, SETTLED, Scope, Turn};
pub use endings::{Began, Endings};
pub use error::OutsideError;
pub use heads::Head;
pub use held::HeldUpTo;
pub use places::{Access, Outside, Place};
