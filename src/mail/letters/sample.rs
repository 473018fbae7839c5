//! What the samples of several mails hold.

use std::time::Duration;

use crate::domain::timestamp::Timestamp;

/// What stands first in the HTML of samples.
pub const PREHEADER: &str = "The line that mail programs show beside the subject.";

/// A link.
pub(super) fn url(path: &str) -> String {
    format!("https://reports.example.org{path}")
}

/// The end of something, so many days after the moment of samples.
pub(super) fn in_days(days: u64) -> Timestamp {
    Timestamp::SAMPLE.plus(Duration::from_secs(days * 24 * 60 * 60))
}
