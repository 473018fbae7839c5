//! What a receipt is made of.

use serde_json::Value;

use crate::tree::Hash;

/// All that a receipt is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptFacts<'a> {
    /// The event's body, as it was committed to.
    pub body: &'a Value,
    /// The context that the body names, if it names one.
    pub context: Option<&'a Value>,
    /// What the context names by its hash, whole.
    pub documents: Documents<'a>,
    /// Which receipt this is.
    pub issued: Issue<'a>,
    /// The event's leaf, word for word.
    pub leaf: &'a str,
    /// That the ledger holds the event.
    pub proof: Proof<'a>,
    /// The salt of the leaf's commitment, base64url without padding.
    pub salt: &'a str,
}

/// The documents that an event names: each that it names must be there, and no other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Documents<'a> {
    /// The blank form as it was rendered.
    pub form: Option<&'a str>,
    /// The words beside the box.
    pub notice: Option<&'a str>,
    /// The privacy policy, in Markdown.
    pub policy: Option<&'a str>,
}

/// Which receipt of the event it is: of one event, many can be given out.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    /// When it was made, RFC 3339.
    pub at: &'a str,
    /// Its own id, a UUID.
    pub id: &'a str,
    /// Where the installation is reached at that time, without a slash at the end. Its page `/preferences`, which
    /// asks for the address and opens nothing by itself, is where consent is withdrawn.
    pub site: &'a str,
}

/// That a leaf is in the tree.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The leaf's place.
    pub index: u64,
    /// The leaves of the tree that the checkpoint was made over.
    pub size: u64,
    /// The root of that tree.
    pub root: Hash,
    /// The inclusion proof.
    pub hashes: &'a [Hash],
    /// The checkpoint as a signed note.
    pub checkpoint_note: &'a str,
}
