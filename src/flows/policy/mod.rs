//! Privacy policies, and what their changes ask of people.

pub mod ask_again;
pub mod publish_policy;
