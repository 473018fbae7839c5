//! Privacy policies, and what their changes ask of people.

pub mod announcements;
pub mod versions;
