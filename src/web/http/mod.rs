//! HTTP itself: bodies, fields, codings, conditions, connections. Nothing here knows what the site is about.

pub(super) mod accept;
pub(super) mod asset;
pub(super) mod body;
pub(super) mod coding;
pub(super) mod fields;
pub(super) mod for_good;
pub(super) mod framing;
pub(super) mod hashed_text;
pub(super) mod lingering;
pub(super) mod packing;
pub(super) mod patience;
pub(super) mod ready;
pub(super) mod upload;
#[cfg(test)]
pub(super) mod upload_tests;
pub(super) mod validators;
mod weight;
