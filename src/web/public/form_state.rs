//! Where a form stands that waits for its confirmation.

use serde_json::{Value, json};

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::link::Link;
use crate::domain::timestamp::Timestamp;
use crate::flows::signup::confirm::{Standing, standing};
use crate::store::signup::signups::Signup;

/// The report's title, as templates take it.
pub(super) fn title(signup: &Signup) -> Value {
    signup.report_title.as_ref().map_or(Value::Null, |title| json!({"title": title}))
}

/// The address as a page that may be forwarded shows it.
pub(super) fn masked(signup: &Signup) -> String {
    EmailAddress::parse(&signup.email).map(|address| address.masked()).unwrap_or_default()
}

/// Whether the signup behind a link still waits for its button, or could be made to.
pub(super) fn is_waiting(signup: &Signup, link: Link, now: Timestamp) -> bool {
    matches!(standing(signup, link, now), Standing::Open | Standing::Expired | Standing::Superseded)
}
