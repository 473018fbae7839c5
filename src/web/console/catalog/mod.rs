//! What is on offer: reports, newsletters, purposes, and the words shown beside their boxes.

pub(super) mod embedding;
pub(super) mod newsletters;
pub(super) mod reports;
