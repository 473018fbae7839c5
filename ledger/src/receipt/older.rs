//! Receipts of the older form, which say some things that nothing in them commits to. They are read for good: people
//! have them. None is given out any more, of whichever event.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compared::{Compared, NAMED_CONTROLLER, UNNAMED_CONTROLLER};
use super::difference;
use super::error::ReceiptError;
use super::ledger_member::{Inclusion, check_context, check_leaf, demand_context, event_type};
use super::older_readable::{OlderRecord, OnWord, readable};
use crate::digest::sha256_hex;
use crate::evidence::whole;
use crate::note::{SignedNote, VerifyingKey};

/// The member `ledger` of that form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OlderLedgerMember {
    body: Value,
    checkpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Value>,
    inclusion_proof: Vec<String>,
    index: u64,
    leaf: String,
    root: String,
    salt: String,
    tree_size: u64,
}

/// Checks that the leaf commits to the body, the body to the context and both to the words; computes all that the form
/// says from them, but for what stands on the signer's word, and compares it with what the receipt says; and checks the
/// proof. Gives the checkpoint, and what could not be compared.
pub(super) fn check(
    payload: &Value,
    keys: &[VerifyingKey],
) -> Result<(SignedNote, Compared), ReceiptError> {
    let ledger =
        OlderLedgerMember::deserialize(&payload["ledger"]).map_err(ReceiptError::Payload)?;
    let event_type = event_type(&ledger.leaf)?;
    check_leaf(&ledger.leaf, &ledger.salt, &ledger.body)?;
    let evidence = evidence(payload, &ledger)?;

    let record =
        OlderRecord { event_type, evidence: &evidence, on_word: OnWord::read(payload, &evidence) };
    let mut expected = readable(record);
    expected["ledger"] = serde_json::to_value(&ledger).map_err(ReceiptError::Unwritable)?;
    if let Some(difference) = difference::first(&expected, payload) {
        return Err(ReceiptError::Differs(difference));
    }

    let proof = Inclusion {
        checkpoint: &ledger.checkpoint,
        leaf: &ledger.leaf,
        index: ledger.index,
        hashes: &ledger.inclusion_proof,
        named: (ledger.tree_size, &ledger.root),
    };
    let named = evidence["controller"].is_object();
    let left = if named { NAMED_CONTROLLER } else { UNNAMED_CONTROLLER };
    Ok((proof.check(keys)?, Compared::InPart(left)))
}

/// Body, context and words in one, once they are those that the body names by their hashes.
fn evidence(payload: &Value, ledger: &OlderLedgerMember) -> Result<Value, ReceiptError> {
    let OlderLedgerMember { body, context, leaf, .. } = ledger;
    check_context(body, context.as_ref())?;
    demand_context(leaf, context.as_ref())?;
    let shown = context.as_ref().unwrap_or(body);
    // Whatever notes the site of the day gives out receipts of the newer form: this one was cut down.
    if !shown["site"].is_null() {
        return Err(ReceiptError::CutDown);
    }
    let words = match context {
        Some(_) => &payload["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["dct:description"],
        None => &body["notice"]["text"],
    };
    let hash = words.as_str().map(|words| sha256_hex(words.as_bytes()));
    if hash.as_deref() != shown["notice"]["sha256"].as_str() {
        return Err(ReceiptError::Document("notice"));
    }
    Ok(whole(body.clone(), context.clone(), words.as_str()))
}
