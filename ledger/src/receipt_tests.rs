//! What a receipt says, and every way to falsify one that we could think of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::digest::sha256_hex;
use super::event_type::EventType;
use super::evidence::whole;
use super::jws::{JwsError, LIMIT};
use super::leaf::{LeafHead, LeafType, canonical};
use super::note::{Checkpoint, KeyName};
use super::note::{SigningKey, encode_hash};
use super::receipt::{ReceiptError as E, *};
use super::tree::leaf_hash;
use super::tree::{Frontier, node_hash};

const WORDS: &str = "I agree, \u{201c}gladly\u{201d}.";

fn key(seed: u8) -> SigningKey {
    SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [seed; 32])
}

fn body() -> Value {
    json!({
        "at": "2026-11-23T09:05:00.000000Z",
        "email": "ada@example.org",
        "event_id": "01936f00-0000-7000-8000-000000000001",
        "method": "form",
        "notice": { "lang": "en-GB", "sha256": sha256_hex(WORDS.as_bytes()), "text": WORDS },
        "policy": { "label": "2026-11", "sha256": sha256_hex(b"policy") },
        "purpose": "newsletter:weekly",
        "requested_at": "2026-11-23T09:00:00.000000Z",
        "source": "/reports/trees",
        "subscriber_id": "01936f00-0000-7000-8000-000000000002",
    })
}

/// What a body of version 2 names.
fn context() -> Value {
    json!({
        "controller": { "address": "1 High St", "contact": "dpo@x.org", "name": "Civic Press" },
        "method": "form",
        "notice": { "lang": "en-GB", "sha256": sha256_hex(WORDS.as_bytes()) },
        "policy": { "label": "2026-11", "sha256": sha256_hex(b"policy") },
        "purpose": "newsletter:weekly",
        "source": "/reports/trees",
    })
}

fn body_with_context() -> Value {
    json!({
        "at": "2026-11-23T09:05:00.000000Z",
        "context": sha256_hex(canonical(&context()).unwrap().as_bytes()),
        "email": "ada@example.org",
        "event_id": "01936f00-0000-7000-8000-000000000001",
        "requested_at": "2026-11-23T09:00:00.000000Z",
        "seq": 1,
        "subscriber_id": "01936f00-0000-7000-8000-000000000002",
    })
}

/// Of a leaf of version 1, whose body holds all that was shown.
fn receipt(change: impl FnOnce(&mut ReceiptFacts<'_>)) -> (String, Value) {
    receipt_of(1, &body(), None, change)
}

/// Of a leaf of version 2.
fn receipt_with_context() -> (String, Value) {
    receipt_of(2, &body_with_context(), Some(&context()), |_| ())
}

/// A ledger of two events, the second of which the receipt is of.
fn receipt_of(
    version: u8,
    body: &Value,
    context: Option<&Value>,
    change: impl FnOnce(&mut ReceiptFacts<'_>),
) -> (String, Value) {
    let salt = [7; 32];
    let evidence = whole(body.clone(), context.cloned(), Some(WORDS));
    let head = LeafHead { leaf_type: LeafType::Event(EventType::Given), version };
    let leaf = head.leaf(&salt, &canonical(body).unwrap());
    let (first, second) = (leaf_hash(b"other"), leaf_hash(leaf.as_bytes()));
    let mut tree = Frontier::new();
    for leaf in [first, second] {
        tree.push(leaf);
    }
    assert_eq!(tree.root(), node_hash(&first, &second));
    let checkpoint = Checkpoint { origin: "example.org/ledger".into(), size: 2, root: tree.root() };
    let note = checkpoint.sign(&[key(1)]);
    let salt = URL_SAFE_NO_PAD.encode(salt);
    let mut facts = ReceiptFacts {
        controller: Controller { name: "Civic Press", address: "1 High St", contact: "dpo@x.org" },
        event_type: EventType::Given,
        evidence: &evidence,
        body,
        context,
        leaf: &leaf,
        salt: &salt,
        policy_url: "https://example.org/policies/privacy/2026-11",
        withdraw_url: "https://example.org/preferences",
        issued_at: "2026-11-24T00:00:00.000000Z",
        proof: Proof {
            index: 1,
            size: 2,
            root: tree.root(),
            hashes: &[first],
            checkpoint_note: &note,
        },
    };
    change(&mut facts);
    (sign(&facts, &key(1)), payload(&facts))
}

/// The same receipt with a changed payload, signed by whom it should be.
fn resigned((jws, mut payload): (String, Value), path: &str, to: Value) -> String {
    *payload.pointer_mut(path).unwrap() = to;
    let header = jws.split('.').next().unwrap();
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(key(1).sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[test]
fn a_receipt_says_what_was_agreed_and_proves_it() {
    let (jws, payload) = receipt(|_| ());
    assert_eq!(verify(&jws, &[key(2).vkey(), key(1).vkey()]).unwrap().0, payload);
    let record = &payload["dpv:hasRecordOfActivity"];
    assert_eq!(record["dpv:hasNotice"][0]["dct:description"], WORDS);
    assert_eq!(record["dpv:hasConsentStatus"]["@type"][0], "dpv:ConsentGiven");
    assert_eq!(record["dpv:hasDataController"]["dpv:hasName"], "Civic Press");
    assert_eq!(record["dpv:hasDataSubject"]["schema:email"], "ada@example.org");
    assert_eq!(record["dpv:hasRight"]["dpv:isExercisedAt"], "https://example.org/preferences");
    assert_eq!(payload["dct:issued"], "2026-11-24T00:00:00.000000Z");
    assert_eq!(payload["ledger"]["tree_size"], 2);
}

#[test]
fn a_receipt_is_no_note_and_no_other_jws() {
    let (jws, _) = receipt(|_| ());
    let keys = [key(1).vkey()];
    assert!(matches!(
        verify(&jws, &[key(2).vkey()]),
        Err(ReceiptError::Signature(JwsError::UnknownKey))
    ));
    assert!(matches!(verify(&jws, &[]), Err(ReceiptError::Signature(JwsError::UnknownKey))));
    let (_, rest) = jws.split_once('.').unwrap();
    let kid = key(1).vkey().to_string();
    for header in [
        json!({ "alg": "none", "kid": kid, "typ": TYPE }),
        json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" }),
        json!({ "alg": "EdDSA", "kid": kid }),
        json!({ "alg": "EdDSA", "crit": ["b64"], "b64": false, "kid": kid, "typ": TYPE }),
    ] {
        let jws = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert!(matches!(verify(&jws, &keys), Err(ReceiptError::Signature(JwsError::Header))));
    }
    for text in ["", "a.b", "a.b.c.d", "..", "\u{e9}.b.c", &"x".repeat(LIMIT + 1)] {
        assert!(verify(text, &keys).is_err(), "{text:.20}");
    }
}

#[test]
fn no_part_can_be_changed() {
    let keys = [key(1).vkey()];
    let refused =
        |path: &str, to: Value| verify(&resigned(receipt(|_| ()), path, to), &keys).unwrap_err();
    let other_hash = encode_hash(&[9; 32]);
    let forged = Checkpoint { origin: "example.org/ledger".into(), size: 2, root: [9; 32] };
    assert!(matches!(refused("/ledger", json!({})), E::Payload(_)));
    assert!(matches!(refused("/ledger/body/email", json!("eve@x.org")), E::Commitment));
    assert!(matches!(
        refused("/ledger/salt", json!(URL_SAFE_NO_PAD.encode([8; 32]))),
        E::Commitment
    ));
    assert!(matches!(refused("/ledger/salt", json!("short")), E::Commitment));
    assert!(matches!(refused("/ledger/leaf", json!("{}")), E::Leaf));
    assert!(matches!(refused("/dct:identifier", json!("another")), E::Record));
    let record = "/dpv:hasRecordOfActivity";
    let words = format!("{record}/dpv:hasNotice/0/dct:description");
    assert!(matches!(refused(&words, json!("I agree to more.")), E::Record));
    let status = format!("{record}/dpv:hasConsentStatus/@type/0");
    assert!(matches!(refused(&status, json!("dpv:ConsentWithdrawn")), E::Record));
    assert!(matches!(refused("/ledger/index", json!(0)), E::Inclusion));
    assert!(matches!(refused("/ledger/tree_size", json!(3)), E::Inclusion));
    assert!(matches!(refused("/ledger/root", json!(other_hash)), E::Inclusion));
    assert!(matches!(refused("/ledger/inclusion_proof", json!([])), E::Inclusion));
    assert!(matches!(refused("/ledger/inclusion_proof/0", json!(other_hash)), E::Inclusion));
    assert!(matches!(refused("/ledger/checkpoint", json!("none")), E::Checkpoint(_)));
    let theirs = json!(forged.sign(&[key(2)]));
    assert!(matches!(refused("/ledger/checkpoint", theirs), E::CheckpointSignature));
    let ours = json!(forged.sign(&[key(1)]));
    assert!(matches!(refused("/ledger/checkpoint", ours), E::Inclusion));
}

#[test]
fn the_status_is_that_of_the_leaf() {
    let (jws, _) = receipt(|facts| facts.event_type = EventType::Renewed);
    assert!(matches!(verify(&jws, &[key(1).vkey()]), Err(ReceiptError::Record)));
}

#[test]
fn what_the_body_names_by_its_hash_is_read_with_it() {
    let (jws, payload) = receipt_with_context();
    assert_eq!(verify(&jws, &[key(1).vkey()]).unwrap().0, payload);
    assert_eq!(payload["ledger"]["context"], context());
    let record = &payload["dpv:hasRecordOfActivity"];
    assert_eq!(record["dpv:hasNotice"][0]["dct:description"], WORDS);
    assert_eq!(record["dpv:hasNotice"][1]["schema:version"], "2026-11");
    assert_eq!(record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"], "newsletter:weekly");
    assert_eq!(record["dpv:hasConsentStatus"]["dpv:hasIndicationMethod"], "form");
}

#[test]
fn context_and_words_must_be_those_that_the_body_names() {
    let keys = [key(1).vkey()];
    let refused = |path: &str, to: Value| {
        verify(&resigned(receipt_with_context(), path, to), &keys).unwrap_err()
    };
    let words = "/dpv:hasRecordOfActivity/dpv:hasNotice/0/dct:description";
    let purpose = "/dpv:hasRecordOfActivity/dpv:hasProcess/dpv:hasPurpose/dct:identifier";
    for (path, to) in [
        ("/ledger/context", Value::Null),
        ("/ledger/context", json!({})),
        ("/ledger/context", json!("form")),
        ("/ledger/context/purpose", json!("newsletter:daily")),
        ("/ledger/context/notice/sha256", json!(sha256_hex(b"I agree to nothing."))),
        (words, json!("I agree to nothing.")),
        (words, json!(1)),
        (words, Value::Null),
    ] {
        assert!(matches!(refused(path, to), E::Context), "{path}");
    }
    assert!(matches!(refused("/ledger/body/context", json!("../keys")), E::Commitment));
    assert!(matches!(refused(purpose, json!("newsletter:daily")), E::Record));

    let (_, mut payload) = receipt_with_context();
    payload["ledger"].as_object_mut().unwrap().remove("context");
    let without = payload["ledger"].clone();
    assert!(matches!(refused("/ledger", without), E::Context));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_changed_character_is_refused(at: proptest::sample::Index, to in "[A-Za-z0-9_.-]") {
        let (mut jws, _) = receipt(|_| ());
        let at = at.index(jws.len());
        prop_assume!(jws[at..=at] != to);
        jws.replace_range(at..=at, &to);
        prop_assert!(verify(&jws, &[key(1).vkey()]).is_err());
    }

    #[test]
    fn no_text_panics(text: String) {
        prop_assert!(verify(&text, &[key(1).vkey()]).is_err());
    }
}
