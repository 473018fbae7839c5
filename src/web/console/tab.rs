//! Lists that stand beside each other.

use serde::Serialize;

/// A link to one of them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tab {
    pub title: &'static str,
    pub path: String,
    /// Whether it is the one that is shown.
    pub current: bool,
}
