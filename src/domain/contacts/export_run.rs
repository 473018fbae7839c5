//! An export asked for at the console.

use std::time::Duration;

use strum::{AsRefStr, EnumString, IntoStaticStr};

/// How many contacts go straight to the browser; more are made by a worker and fetched when they are whole.
pub const STREAMED_MOST: i64 = 250_000;

/// How long the file of a finished job is kept: it is full of personal data.
pub const FILE_KEPT: Duration = Duration::from_hours(24);

/// Where an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RunState {
    /// Waits for a worker.
    Waiting,
    /// Is being written.
    Running,
    /// Its file is whole, and can be fetched.
    Done,
    /// Stopped before it was whole; kept with the reason.
    Failed,
    /// Was whole; its file has been deleted.
    Expired,
}

impl RunState {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether more is to come.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}
