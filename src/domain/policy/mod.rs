//! Privacy policies, and what their changes ask of people.

pub mod text_difference;
pub mod version;
