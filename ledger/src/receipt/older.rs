//! Receipts of the older form, whose part for reading holds what no part for checking commits to. They are read for
//! good: people have them.

use serde::Deserialize;
use serde_json::Value;

use super::error::ReceiptError;
use super::held::{Inclusion, check_context, check_leaf};
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::evidence::whole;
use crate::leaf::LeafHead;
use crate::note::{SignedNote, VerifyingKey};

/// The member `ledger` of that form.
#[derive(Deserialize)]
struct OlderHeld {
    body: Value,
    context: Option<Value>,
    checkpoint: String,
    index: u64,
    inclusion_proof: Vec<String>,
    leaf: String,
    root: String,
    salt: String,
    tree_size: u64,
}

/// Checks commitment, context, words, the event and the proof; who is answerable, the person, the dates and the
/// policy of the readable part stay uncompared.
pub(super) fn check(payload: &Value, keys: &[VerifyingKey]) -> Result<SignedNote, ReceiptError> {
    let ledger = OlderHeld::deserialize(&payload["ledger"]).map_err(ReceiptError::Payload)?;
    let head = LeafHead::read(&ledger.leaf).ok_or(ReceiptError::Leaf)?;
    let event_type = head.event_type().ok_or(ReceiptError::Leaf)?;
    check_leaf(&ledger.leaf, &ledger.salt, &ledger.body)?;
    check_record(payload, &evidence(payload, &ledger)?, event_type)?;
    let proof = Inclusion {
        checkpoint: &ledger.checkpoint,
        leaf: &ledger.leaf,
        index: ledger.index,
        hashes: &ledger.inclusion_proof,
        named: (ledger.tree_size, &ledger.root),
    };
    proof.check(keys)
}

/// What the body commits to, whole: the context and the words that it names by their hashes are those that stand
/// in the receipt.
fn evidence(payload: &Value, held: &OlderHeld) -> Result<Value, ReceiptError> {
    if held.body["context"].is_null() {
        return Ok(held.body.clone());
    }
    let context = held.context.clone().ok_or(ReceiptError::Context)?;
    check_context(&held.body, Some(&context))?;
    // Whoever notes the site of the day writes receipts of the newer form: this one was cut down to be compared less.
    if !context["site"].is_null() {
        return Err(ReceiptError::CutDown);
    }
    let words = payload["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["dct:description"].as_str();
    let words = words.ok_or(ReceiptError::Context)?;
    if context["notice"]["sha256"] != sha256_hex(words.as_bytes()) {
        return Err(ReceiptError::Document("notice"));
    }
    Ok(whole(held.body.clone(), Some(context), Some(words)))
}

/// Whether the part for reading speaks of the event that the part for checking proves.
fn check_record(payload: &Value, body: &Value, event: EventType) -> Result<(), ReceiptError> {
    let record = &payload["dpv:hasRecordOfActivity"];
    let status = &record["dpv:hasConsentStatus"];
    let same = payload["dct:identifier"] == body["event_id"]
        && record["dct:identifier"] == body["event_id"]
        && record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"] == body["purpose"]
        && record["dpv:hasNotice"][0]["dct:description"] == body["notice"]["text"]
        && status["dpv:isIndicatedAtTime"] == body["at"]
        && status["@type"][0] == status_type(event);
    if same { Ok(()) } else { Err(ReceiptError::Record) }
}

/// The status as it was written then.
fn status_type(event_type: EventType) -> &'static str {
    match event_type {
        EventType::Requested => "dpv:ConsentRequested",
        EventType::Given => "dpv:ConsentGiven",
        EventType::Withdrawn => "dpv:ConsentWithdrawn",
        EventType::Renewed => "dpv:RenewedConsentGiven",
        EventType::Expired => "dpv:ConsentExpired",
        EventType::Erased => "dpv:ConsentTerminated",
    }
}
