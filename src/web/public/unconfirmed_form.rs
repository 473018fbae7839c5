//! What pages say of a form that waits for its confirmation.

use serde::Serialize;

use crate::domain::signup::link::Link;
use crate::domain::timestamp::Timestamp;
use crate::flows::signup::confirm::{LinkState, link_state};
use crate::store::signup::signups::Signup;

/// The report that a form asked for.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct AskedReport<'a> {
    title: &'a str,
}

impl<'a> AskedReport<'a> {
    /// That of this form; none of one for newsletters alone.
    pub(super) fn from_signup(signup: &'a Signup) -> Option<Self> {
        signup.report_title.as_deref().map(|title| Self { title })
    }

    pub(super) fn sample() -> Self {
        Self { title: "Digital councils: where they stand" }
    }
}

/// What [`masked`] makes of an address.
pub(super) const MASKED_SAMPLE: &str = "r…@council.example";

/// The address as a page that may be forwarded shows it.
pub(super) fn masked(signup: &Signup) -> String {
    signup.email.masked()
}

/// Whether the signup behind a link still waits for its button, or could be made to.
pub(super) fn is_waiting(signup: &Signup, link: Link, now: Timestamp) -> bool {
    matches!(
        link_state(signup, link, now),
        LinkState::Open | LinkState::Expired | LinkState::Superseded
    )
}
