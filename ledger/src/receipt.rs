//! Consent receipts: what was agreed to, in the W3C DPV form of ISO/IEC TS 27560:2023, signed as a
//! compact JWS (RFC 7515) with `EdDSA` (RFC 8037), and proof that the ledger holds it.
//!
//! The form is that of the DPV guide <https://w3id.org/dpv/guides/consent-27560>. Where the standard
//! asks for recipients, places and times of storage, the receipt leads to the policy version that says
//! them. The member `ledger` is ours: with it, the receipt is checked without asking anybody.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bundle::decode_salt;
use super::digest::sha256_hex;
use super::event_type::EventType;
use super::evidence::whole;
use super::jws::{self, JwsError};
use super::leaf::{LeafHead, canonical};
use super::note::{NoteError, SignedNote, SigningKey, VerifyingKey, decode_hash, encode_hash};
use super::tree::{Hash, leaf_hash, verify_inclusion};

/// The type that the header declares, so that no other signed thing passes for a receipt
/// (RFC 8725 §3.11).
pub(super) const TYPE: &str = "consent-receipt+jws";

/// All that a receipt is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptFacts<'a> {
    /// Who is answerable for the data.
    pub controller: Controller<'a>,
    /// What happened.
    pub event_type: EventType,
    /// The event's evidence, whole.
    pub evidence: &'a Value,
    /// Its body, as it was committed to.
    pub body: &'a Value,
    /// The context that the body names, if it names one.
    pub context: Option<&'a Value>,
    /// The event's leaf, word for word.
    pub leaf: &'a str,
    /// The salt of the leaf's commitment, base64url without padding.
    pub salt: &'a str,
    /// Where the policy version that was shown can be read for good.
    pub policy_url: &'a str,
    /// Where consent is withdrawn: a page that asks for the address, and opens nothing by itself.
    pub withdraw_url: &'a str,
    /// When the receipt was made, RFC 3339.
    pub issued_at: &'a str,
    /// That the ledger holds the event.
    pub proof: Proof<'a>,
}

/// The legal entity that the words beside the box named (GDPR Art. 13(1)(a)).
#[derive(Clone, Copy, Debug)]
pub struct Controller<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its postal address.
    pub address: &'a str,
    /// Where it is reached about data protection.
    pub contact: &'a str,
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

/// Why a text is not a receipt to be believed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Not signed as a receipt by a known key.
    #[error("this is not a receipt")]
    Signature(#[from] JwsError),
    /// Signed, but not with what a receipt has.
    #[error("the receipt lacks what proves it")]
    Payload(#[source] serde_json::Error),
    /// The leaf has another form than the ledger gives it.
    #[error("the receipt's leaf is not one of the ledger's")]
    Leaf,
    /// The body is not what the leaf commits to.
    #[error("the receipt's leaf does not commit to its body")]
    Commitment,
    /// What the body names by a hash is not there, or is something else.
    #[error("the receipt's context or words are not those that its body names")]
    Context,
    /// The record speaks of another event than the proof.
    #[error("the receipt's record is not of the event that it proves")]
    Record,
    /// The checkpoint is damaged.
    #[error("the receipt's checkpoint is not a signed checkpoint")]
    Checkpoint(#[source] NoteError),
    /// The checkpoint is somebody else's.
    #[error("the receipt's checkpoint was not signed by a known key")]
    CheckpointSignature,
    /// The proof leads elsewhere.
    #[error("the receipt's proof does not lead from its leaf to its checkpoint")]
    Inclusion,
}

/// The receipt as a compact JWS.
#[must_use]
pub fn sign(facts: &ReceiptFacts<'_>, key: &SigningKey) -> String {
    jws::sign(TYPE, "ld+json", &payload(facts), key)
}

/// What a receipt says, as JSON-LD.
#[must_use]
pub fn payload(facts: &ReceiptFacts<'_>) -> Value {
    let ReceiptFacts { body, proof, .. } = facts;
    let mut payload = json!({
        "@context": {
            "dct": "http://purl.org/dc/terms/",
            "dpv": "https://w3id.org/dpv#",
            "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
            "pd": "https://w3id.org/dpv/pd#",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "schema": "https://schema.org/",
            // Taken as it is: its names are those of the bundle.
            "ledger": { "@id": "urn:assent:ledger", "@type": "@json" },
        },
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
        "dct:identifier": body["event_id"],
        "dct:issued": facts.issued_at,
        "dct:publisher": facts.controller.name,
        "schema:recipient": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": record(facts),
        "ledger": {
            "body": body,
            "checkpoint": proof.checkpoint_note,
            "index": proof.index,
            "inclusion_proof": proof.hashes.iter().map(encode_hash).collect::<Value>(),
            "leaf": facts.leaf,
            "root": encode_hash(&proof.root),
            "salt": facts.salt,
            "tree_size": proof.size,
        },
    });
    if let Some(context) = facts.context {
        payload["ledger"]["context"] = context.clone();
    }
    payload
}

fn record(facts: &ReceiptFacts<'_>) -> Value {
    let ReceiptFacts { controller, evidence: body, .. } = facts;
    json!({
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
        "dct:identifier": body["event_id"],
        "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": facts.withdraw_url,
        },
        "dpv:hasConsentStatus": status(facts),
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "dpv:hasAddress": controller.address,
            "dpv:hasContact": controller.contact,
            "dpv:hasName": controller.name,
        },
        "dpv:hasDataSubject": data_subject(body),
        "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
        "dpv:hasNotice": [
            {
                "@type": "dpv:ConsentNotice",
                "dct:description": body["notice"]["text"],
                "dct:language": body["notice"]["lang"],
                "schema:sha256": body["notice"]["sha256"],
            },
            {
                "@id": facts.policy_url,
                "@type": "dpv:PrivacyNotice",
                "schema:sha256": body["policy"]["sha256"],
                "schema:version": body["policy"]["label"],
            },
        ],
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dct:source": body["source"],
            "dpv:hasDataSource": "dpv:DataSubjectDataSource",
            "dpv:hasPersonalData": "pd:EmailAddress",
            "dpv:hasPurpose": { "@type": "dpv:Purpose", "dct:identifier": body["purpose"] },
        },
        "dpv:hasRight": {
            "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
            "dct:title": "Right to withdraw consent at any time",
            "dpv:isExercisedAt": facts.withdraw_url,
        },
    })
}

fn data_subject(body: &Value) -> Value {
    let mut subject = Map::new();
    subject.insert("@type".into(), "dpv:DataSubject".into());
    // There is a subscriber only once an address is confirmed.
    if let Some(id) = body.get("subscriber_id") {
        subject.insert("dct:identifier".into(), id.clone());
    }
    if let Some(email) = body.get("email") {
        subject.insert("schema:email".into(), email.clone());
    }
    subject.into()
}

fn status(facts: &ReceiptFacts<'_>) -> Value {
    let ReceiptFacts { event_type, evidence: body, .. } = facts;
    let mut status = json!({
        "@type": [status_type(*event_type), "dpv:ExpressedConsent"],
        "dpv:hasIndicationMethod": body["method"],
        "dpv:isIndicatedAtTime": body["at"],
        "dpv:isIndicatedBy": match event_type {
            EventType::Expired => "dpv:DataController",
            _ => "dpv:DataSubject",
        },
    });
    if event_type.in_force() {
        status["dpv:hasDuration"] = json!({
            "@type": "dpv:UntilEventDuration",
            "rdf:value": "Withdrawal of consent, or its end as the policy says",
        });
    }
    status
}

/// The status in DPV's words. Erasure ends a consent without the person having taken it back.
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

/// The member `ledger`.
#[derive(Deserialize)]
struct Held {
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

/// What a receipt says, and the head it was signed over, once everything in it has been checked: the signature by one of `keys`, that
/// the leaf commits to the body, that the record is of that event, that the proof leads from leaf to
/// checkpoint, and that one of `keys` signed the checkpoint.
///
/// # Errors
/// A [`ReceiptError`] that says which of them fails.
pub fn verify(jws: &str, keys: &[VerifyingKey]) -> Result<(Value, SignedNote), ReceiptError> {
    let payload = jws::verify(TYPE, jws, keys)?;
    let payload: Value = serde_json::from_slice(&payload).map_err(ReceiptError::Payload)?;
    let held = Held::deserialize(&payload["ledger"]).map_err(ReceiptError::Payload)?;

    let named = LeafHead::read(&held.leaf).ok_or(ReceiptError::Leaf)?;
    let kind = named.event_type().ok_or(ReceiptError::Leaf)?;
    let salt = decode_salt(&held.salt).ok_or(ReceiptError::Commitment)?;
    let body = canonical(&held.body).map_err(ReceiptError::Payload)?;
    if named.leaf(&salt, &body) != held.leaf {
        return Err(ReceiptError::Commitment);
    }
    check_record(&payload, &evidence(&payload, &held)?, kind)?;

    let note = SignedNote::parse(&held.checkpoint).map_err(ReceiptError::Checkpoint)?;
    if note.verified_by(keys).is_none() {
        return Err(ReceiptError::CheckpointSignature);
    }
    let checkpoint = note.checkpoint();
    let proof: Option<Vec<Hash>> =
        held.inclusion_proof.iter().map(|hash| decode_hash(hash)).collect();
    let proof = proof.ok_or(ReceiptError::Inclusion)?;
    let named = (held.tree_size, decode_hash(&held.root));
    let tree = checkpoint.head();
    let leaf_hash = leaf_hash(held.leaf.as_bytes());
    if named != (tree.size, Some(tree.root))
        || !verify_inclusion(&leaf_hash, held.index, &proof, tree)
    {
        return Err(ReceiptError::Inclusion);
    }
    Ok((payload, note))
}

/// What the body commits to, whole: the context and the words that it names by their hashes are those that stand
/// in the receipt.
fn evidence(payload: &Value, held: &Held) -> Result<Value, ReceiptError> {
    let Some(named) = held.body["context"].as_str() else { return Ok(held.body.clone()) };
    let context = held.context.clone().ok_or(ReceiptError::Context)?;
    let text = canonical(&context).map_err(ReceiptError::Payload)?;
    let words = payload["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["dct:description"].as_str();
    let words = words.ok_or(ReceiptError::Context)?;
    if sha256_hex(text.as_bytes()) != named
        || context["notice"]["sha256"] != sha256_hex(words.as_bytes())
    {
        return Err(ReceiptError::Context);
    }
    Ok(whole(held.body.clone(), Some(context), Some(words)))
}

/// Whether the part for reading speaks of the event that the part for checking proves.
fn check_record(payload: &Value, body: &Value, kind: EventType) -> Result<(), ReceiptError> {
    let record = &payload["dpv:hasRecordOfActivity"];
    let status = &record["dpv:hasConsentStatus"];
    let same = payload["dct:identifier"] == body["event_id"]
        && record["dct:identifier"] == body["event_id"]
        && record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"] == body["purpose"]
        && record["dpv:hasNotice"][0]["dct:description"] == body["notice"]["text"]
        && status["dpv:isIndicatedAtTime"] == body["at"]
        && status["@type"][0] == status_type(kind);
    if same { Ok(()) } else { Err(ReceiptError::Record) }
}
