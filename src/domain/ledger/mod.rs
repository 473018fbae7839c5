//! The consent ledger: sealing, checking, and where it stands beside what is kept outside.

pub mod cursor;
pub mod keyed_hash;
pub mod record;
