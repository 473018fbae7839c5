//! A privacy policy is published, and people are told or asked again.

pub mod ask_again;
pub mod publish_policy;
