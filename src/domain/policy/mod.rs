//! Versions of a privacy policy, and how one differs from another.

pub mod text_difference;
pub mod version;
