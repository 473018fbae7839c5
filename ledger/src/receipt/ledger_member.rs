//! The member `ledger` of a receipt: what proves the event, and what all other members are computed from.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::error::ReceiptError;
use super::facts::{Documents, Issue, ReceiptFacts};
use crate::bundle::decode_salt;
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::leaf::{LeafHead, canonical};
use crate::moment::whole_seconds;
use crate::note::{SignedNote, VerifyingKey, decode_hash, encode_hash};
use crate::tree::{Hash, leaf_hash, verify_inclusion};

/// The number of the form of receipts that is written. Receipts without a number are of the older form; those of the form
/// before are computed as they were written.
const SCHEMA: u8 = 3;
const SCHEMA_BEFORE: u8 = 2;

/// The member `ledger` as JSON has it: hashes are base64, and a member that is not named here makes it no receipt. It is
/// made of [`ReceiptFacts`] where a receipt is given out, and read where one is checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerMember {
    pub(super) body: Value,
    checkpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<Value>,
    pub(super) documents: Documents<String>,
    inclusion_proof: Vec<String>,
    index: u64,
    pub(super) issued: Issue<String>,
    leaf: String,
    root: String,
    salt: String,
    schema: u8,
    tree_size: u64,
}

impl From<&ReceiptFacts<'_>> for LedgerMember {
    fn from(facts: &ReceiptFacts<'_>) -> Self {
        let ReceiptFacts { body, context, documents, issued, leaf, proof, salt } = *facts;
        let Documents { form, notice, policy } = documents;
        let Issue { at, id, site } = issued;
        Self {
            body: body.clone(),
            checkpoint: proof.checkpoint_note.to_owned(),
            context: context.cloned(),
            documents: Documents {
                form: form.map(str::to_owned),
                notice: notice.map(str::to_owned),
                policy: policy.map(str::to_owned),
            },
            inclusion_proof: proof.hashes.iter().map(encode_hash).collect(),
            index: proof.index,
            issued: Issue { at: at.to_owned(), id: id.to_owned(), site: site.to_owned() },
            leaf: leaf.to_owned(),
            root: encode_hash(&proof.root),
            salt: salt.to_owned(),
            schema: SCHEMA,
            tree_size: proof.size,
        }
    }
}

impl LedgerMember {
    /// Reads the member; `None` where it has no number of its form, and so is of the older one.
    pub(super) fn read(ledger: &Value) -> Result<Option<Self>, ReceiptError> {
        match &ledger["schema"] {
            Value::Null => Ok(None),
            schema if *schema == SCHEMA || *schema == SCHEMA_BEFORE => {
                Self::deserialize(ledger).map(Some).map_err(ReceiptError::Payload)
            }
            _ => Err(ReceiptError::Schema),
        }
    }

    /// Whether it is of the form before, which says nothing of the page around a form, and calls all forms pages.
    pub(super) fn is_of_form_before(&self) -> bool {
        self.schema == SCHEMA_BEFORE
    }

    /// The type of the event, as the leaf names it.
    pub(super) fn event_type(&self) -> Result<EventType, ReceiptError> {
        event_type(&self.leaf)
    }

    /// Where purpose, method, notice, policy and the rest of the circumstances stand: in the context, or of a leaf of
    /// version 1 in the body.
    pub(super) fn shown(&self) -> &Value {
        self.context.as_ref().unwrap_or(&self.body)
    }

    /// Checks that the leaf commits to the body, the body to the context, and the context to the documents.
    pub(super) fn check_commitments(&self) -> Result<(), ReceiptError> {
        check_leaf(&self.leaf, &self.salt, &self.body)?;
        check_context(&self.body, self.context.as_ref())?;
        demand_context(&self.leaf, self.context.as_ref())?;
        let shown = self.shown();
        let documents = [
            ("notice", &shown["notice"]["sha256"], &self.documents.notice),
            ("policy", &shown["policy"]["sha256"], &self.documents.policy),
            ("form", &shown["form"], &self.documents.form),
        ];
        for (what, named, document) in documents {
            let hash = document.as_ref().map(|text| sha256_hex(text.as_bytes()));
            if named.as_str() != hash.as_deref() {
                return Err(ReceiptError::Document(what));
            }
        }
        Ok(())
    }

    /// Checks that moments, ids and the address, which are texts for whoever reads them, are what they should be. Nothing
    /// else commits to those of `issued`.
    pub(super) fn check_forms(&self) -> Result<(), ReceiptError> {
        let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let is_moment = |text: &str| whole_seconds(text).is_some();
        let is_id = |text: &str| text.len() == 36 && Uuid::try_parse(text).is_ok();
        let is_site = |text: &str| {
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
        };
        let (at, event_id) = (text(&self.body["at"]), text(&self.body["event_id"]));
        let Issue { at: issued_at, id, site } = &self.issued;
        for (place, fits) in [
            ("body.at", is_moment(&at)),
            ("body.event_id", is_id(&event_id)),
            ("issued.at", is_moment(issued_at)),
            ("issued.id", is_id(id)),
            ("issued.site", is_site(site)),
        ] {
            if !fits {
                return Err(ReceiptError::Form(place));
            }
        }
        Ok(())
    }

    /// Checks that one of `keys` signed the checkpoint for its own ledger, and that the proof leads from the leaf to it.
    pub(super) fn check_inclusion(
        &self,
        keys: &[VerifyingKey],
    ) -> Result<SignedNote, ReceiptError> {
        let proof = Inclusion {
            checkpoint: &self.checkpoint,
            leaf: &self.leaf,
            index: self.index,
            hashes: &self.inclusion_proof,
            named: (self.tree_size, &self.root),
        };
        proof.check(keys)
    }
}

/// The type of the event that a leaf is of.
pub(super) fn event_type(leaf: &str) -> Result<EventType, ReceiptError> {
    LeafHead::read(leaf).and_then(LeafHead::event_type).ok_or(ReceiptError::Leaf)
}

/// Checks that there is a context where an event must have one: with a leaf of version 2, unless it is an erasure.
pub(super) fn demand_context(leaf: &str, context: Option<&Value>) -> Result<(), ReceiptError> {
    let version = LeafHead::read(leaf).map(|head| head.version);
    let needed = version == Some(2) && event_type(leaf)? != EventType::Erased;
    if needed && context.is_none() { Err(ReceiptError::Context) } else { Ok(()) }
}

/// Checks that the leaf commits to this body with this salt.
pub(super) fn check_leaf(leaf: &str, salt: &str, body: &Value) -> Result<(), ReceiptError> {
    let head = LeafHead::read(leaf).ok_or(ReceiptError::Leaf)?;
    let salt = decode_salt(salt).ok_or(ReceiptError::Commitment)?;
    let body = canonical(body).map_err(ReceiptError::Unwritable)?;
    if head.leaf(&salt, &body) == leaf { Ok(()) } else { Err(ReceiptError::Commitment) }
}

/// Checks that the context is the one that the body names, and that there is none where it names none.
pub(super) fn check_context(body: &Value, context: Option<&Value>) -> Result<(), ReceiptError> {
    let hash = context.map(canonical).transpose().map_err(ReceiptError::Unwritable)?;
    let hash = hash.map(|text| sha256_hex(text.as_bytes()));
    if hash.as_deref() == body["context"].as_str() { Ok(()) } else { Err(ReceiptError::Context) }
}

/// The proof that a leaf is in the tree of a checkpoint, as receipts of both forms write it down.
pub(super) struct Inclusion<'a> {
    pub(super) checkpoint: &'a str,
    pub(super) leaf: &'a str,
    pub(super) index: u64,
    pub(super) hashes: &'a [String],
    /// The size and root of the tree, which the receipt names beside the checkpoint too.
    pub(super) named: (u64, &'a str),
}

impl Inclusion<'_> {
    /// Gives the checkpoint, if one of `keys` signed it for its own ledger and the proof leads to it.
    pub(super) fn check(&self, keys: &[VerifyingKey]) -> Result<SignedNote, ReceiptError> {
        let note = SignedNote::parse(self.checkpoint).map_err(ReceiptError::Checkpoint)?;
        if note.verified_for_its_ledger(keys).is_none() {
            return Err(match note.verified_by(keys) {
                Some(_) => ReceiptError::OtherLedger(note.checkpoint().origin.clone()),
                None => ReceiptError::CheckpointSignature,
            });
        }
        let tree = note.checkpoint().head();
        let proof: Option<Vec<Hash>> = self.hashes.iter().map(|hash| decode_hash(hash)).collect();
        let proof = proof.ok_or(ReceiptError::Inclusion)?;
        let leaf = leaf_hash(self.leaf.as_bytes());
        if self.named != (tree.size, &encode_hash(&tree.root))
            || !verify_inclusion(&leaf, self.index, &proof, tree)
        {
            return Err(ReceiptError::Inclusion);
        }
        Ok(note)
    }
}
