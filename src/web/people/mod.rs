//! What both the console and the interface for programs find and say of people.

pub(super) mod answers;
pub(super) mod choices;
pub(super) mod question;
