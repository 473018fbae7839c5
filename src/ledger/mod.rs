//! The provable side of consent: every event is committed to by a leaf that gives nothing away, the
//! leaves stand in a Merkle tree, and signed checkpoints say what the tree was. Nothing here reads a
//! database or a setting.

pub mod audit;
mod audit_files;
#[cfg(test)]
mod audit_fuzz_tests;
mod audit_lines;
#[cfg(test)]
mod audit_order_tests;
#[cfg(test)]
mod audit_part_tests;
mod audit_row;
#[cfg(test)]
mod audit_tests;
pub mod bundle;
mod canonical;
pub mod cursor;
pub mod epoch;
pub mod extent;
pub mod finding;
mod jws;
pub mod keys;
pub mod leaf;
mod named_key;
pub mod naming;
pub mod note;
pub mod receipt;
#[cfg(test)]
mod receipt_tests;
mod subjects;
pub mod tree;
#[cfg(test)]
mod tree_tests;

use std::time::Duration;

/// The longest that a leaf may wait for its place: the maximum merge delay (RFC 6962 §3).
pub const LONGEST_WAIT: Duration = Duration::from_hours(24);
