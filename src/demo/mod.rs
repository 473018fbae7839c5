//! What the demo shows: an invented publisher, its policy, its report, its readers.

pub mod seed;
pub mod texts;
