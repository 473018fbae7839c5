//! The consent ledger: sealing, checking, and where it stands beside what is kept outside.

pub mod adoptions;
pub mod checkpoints;
pub mod claims;
pub mod cosignatures;
pub mod endings;
pub mod epochs;
pub mod foreign;
pub mod head_timestamps;
pub mod key_fingerprints;
pub mod promised;
pub mod records;
pub(super) mod triggers;
pub mod unaccounted;
pub mod verdicts;
pub mod verifications;
