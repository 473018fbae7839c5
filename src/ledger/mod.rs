//! The provable side of consent: every event is committed to by a leaf that gives nothing away, the
//! leaves stand in a Merkle tree, and signed checkpoints say what the tree was. Nothing here reads a
//! database or a setting.

pub mod audit;
#[cfg(test)]
mod audit_fuzz_tests;
mod audit_lines;
mod audit_row;
#[cfg(test)]
mod audit_tests;
pub mod bundle;
mod canonical;
pub mod cursor;
pub mod epoch;
pub mod finding;
pub mod keys;
pub mod leaf;
mod named_key;
pub mod note;
pub mod receipt;
#[cfg(test)]
mod receipt_tests;
pub mod tree;
#[cfg(test)]
mod tree_tests;
