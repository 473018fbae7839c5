//! What happens to the data that somebody agrees to, in the operator's own sentences.

use serde::Serialize;

/// What evidence says of the processing beside the words of a box (GDPR Art. 13(1)(e) and (f), 13(2)(a); fields of
/// ISO/IEC TS 27560). What the operator leaves blank is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Processing {
    /// Under which law and supervision, as a country's code (ISO 3166-1) or a sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub jurisdiction: String,
    /// Who is given the data besides, a sentence or a name each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// For how long they are kept.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub retention: String,
    /// Where they are kept.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub storage: String,
}

impl Processing {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}
