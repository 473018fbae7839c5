//! The provable side of consent, for whoever writes it and whoever checks it. Every event is committed to by a leaf that
//! gives nothing away, the leaves stand in a Merkle tree, and signed checkpoints say what the tree was. Nothing here
//! reads a database, a setting or the clock, and nothing of the server is needed: `cargo build -p assent-ledger` makes
//! `assent-audit`, which checks bundles and receipts.
//!
//! In reading order: [`leaf`], [`tree`], [`note`], [`record`], [`bundle`], [`receipt`], [`audit`].

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
pub mod command;
pub mod digest;
pub mod epoch;
pub mod event_type;
pub mod evidence;
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
pub mod record;
mod subjects;
pub mod text_file;
pub mod tree;
#[cfg(test)]
mod tree_tests;

use std::time::Duration;

/// The longest that a leaf may wait for its place: the maximum merge delay (RFC 6962 §3).
pub const LONGEST_WAIT: Duration = Duration::from_hours(24);
