//! What is said of a suppression.

use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::web::address::with_fields;

/// The list, with what became of an action on an address.
pub(super) fn told(word: &str, key: &AddressKey) -> Response {
    let to = with_fields("/console/suppressions", &[("word", word), ("key", &key.to_hex())]);
    Redirect::to(&to).into_response()
}

/// A reason in words.
pub(super) fn title(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Bounced => "Came back",
        SuppressionReason::Complained => "Reported as spam",
        SuppressionReason::Manual => "Added by hand",
        SuppressionReason::NotMe => "Not me",
        SuppressionReason::Unsubscribed => "Unsubscribed",
        SuppressionReason::Erased => "Erased",
    }
}
