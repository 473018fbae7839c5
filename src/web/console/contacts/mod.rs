//! People as the publisher meets them: found, brought in, taken out, not to be mailed, erased.

pub(super) mod exports;
pub(super) mod requests;
pub(super) mod subscribers;
pub(super) mod suppressions;
