//! Why an event is not taken for the relay's, and how old one may be.

use std::time::Duration;

use crate::domain::timestamp::Timestamp;

/// How old what a relay says may be, and by how much its clock may go before ours.
const RECENT: Duration = Duration::from_hours(1);

/// Why an event is not taken for the relay's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// It came without.
    #[error("it came without what proves whose it is")]
    Missing,
    /// What came with it is not the relay's.
    #[error("its signature, password or certificate is not the relay's")]
    Wrong,
    /// It was signed too long ago, or lies ahead.
    #[error("it was not signed within the last hour")]
    Old,
    /// It is of another topic of Amazon's than the one that was set.
    #[error("it is of another topic than the one that was set")]
    Topic,
    /// It names an address that is not Amazon SNS's.
    #[error("it names an address that is not that of Amazon SNS where the topic is")]
    Address,
}

/// Whether it is within the hour, either way.
pub(super) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) <= RECENT && at.since(now) <= RECENT
}
