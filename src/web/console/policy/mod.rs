//! Privacy policies, and what their changes ask of people.

pub(super) mod policies;
