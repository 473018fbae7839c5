//! The provable side of consent, for whoever writes it and whoever checks it. Every event is committed to by a leaf that
//! gives nothing away, the leaves stand in a Merkle tree, and signed checkpoints say what the tree was. Nothing here
//! reads a database, a setting or the clock, and nothing of the server is needed: `cargo build -p assent-ledger` makes
//! `assent-audit`, which checks bundles, receipts and promises.
//!
//! In reading order: [`leaf`], [`tree`], [`note`], [`record`], [`bundle`], [`receipt`], [`promise`], [`audit`]; then what
//! others say of a checkpoint: [`cosignature`], [`witnesses`], [`timestamp`].

pub mod add_checkpoint;
pub mod audit;
pub mod bundle;
mod canonical;
mod checkpoint;
pub mod command;
pub mod consistency_proof;
mod context;
pub mod cosignature;
pub mod digest;
pub mod epoch;
pub mod event_type;
pub mod evidence;
pub mod extent;
pub mod finding;
mod jwks;
mod jws;
pub mod keys;
pub mod leaf;
mod moment;
pub mod named_files;
mod named_key;
pub mod naming;
pub mod note;
mod note_signature;
pub mod promise;
pub mod receipt;
pub mod record;
mod subjects;
pub mod text_file;
pub mod timestamp;
pub mod tree;
#[cfg(test)]
mod tree_tests;
pub mod verifier_page;
pub mod witness_answer;
mod witness_reach;
pub mod witnesses;

use std::time::Duration;

/// The maximum merge delay (RFC 6962 §3): the longest that a leaf may wait for its place.
pub const MAX_MERGE_DELAY: Duration = Duration::from_hours(24);
