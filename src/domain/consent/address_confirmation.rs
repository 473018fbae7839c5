//! How an address was confirmed, as evidence says it (double opt-in).

use serde::Serialize;

/// By what an address was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// The code of a mail, typed on the page where the form was sent.
    Code,
    /// The link of a mail, and the press of a button behind it.
    Link,
}

/// How an address was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressConfirmation {
    /// By what.
    pub by: ConfirmedBy,
    /// The Message-ID of the mail with it, where it is known to be one of ours to that address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}
