//! Privacy policies, and what their changes ask of people.

pub mod announce_policy;
pub mod publish_policy;
