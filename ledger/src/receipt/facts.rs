//! What the program that gives out a receipt has to hand over for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tree::Hash;

/// What a receipt is made of, with hashes as bytes, borrowed from whoever gives it out. As the receipt writes it down, it
/// is the member `ledger`.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptFacts<'a> {
    /// The event's body, which the leaf commits to.
    pub body: &'a Value,
    /// The context that the body names by its hash; none of an erasure, and of a leaf of version 1.
    pub context: Option<&'a Value>,
    /// The documents that the context names by their hashes.
    pub documents: Documents<&'a str>,
    /// Which receipt of the event this is.
    pub issued: Issue<&'a str>,
    /// The event's leaf, word for word.
    pub leaf: &'a str,
    /// The proof that the ledger holds the leaf.
    pub proof: Proof<'a>,
    /// The salt of the leaf's commitment, base64url without padding.
    pub salt: &'a str,
}

/// The documents that an event names by their hashes. Each that it names must be there, and no other.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents<Text> {
    /// The blank form as it was rendered, HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Text>,
    /// The words beside the box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<Text>,
    /// The privacy policy, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Text>,
}

/// Which receipt of an event it is: many can be given out of one event. Nothing commits to this, so it stands on the word
/// of whoever signed the receipt.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue<Text> {
    /// When the receipt was made, RFC 3339.
    pub at: Text,
    /// The receipt's own id, a UUID.
    pub id: Text,
    /// The installation's address when the receipt was made, without a slash at its end. Consent is withdrawn on the
    /// page `/preferences` there, which asks for the e-mail address and opens nothing by itself.
    pub site: Text,
}

/// The proof that a leaf is in the tree of a checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The leaf's index in the tree.
    pub index: u64,
    /// The number of leaves under the checkpoint.
    pub size: u64,
    /// The root hash of the tree under the checkpoint.
    pub root: Hash,
    /// The inclusion proof (RFC 6962 §2.1.1).
    pub hashes: &'a [Hash],
    /// The checkpoint, a signed note.
    pub checkpoint_note: &'a str,
}
