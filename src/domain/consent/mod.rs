//! What somebody agreed to: choices, leaving, renewing, running out, receipts.

pub mod event;
pub mod evidence_key;
pub mod permission;
