//! Receipts that are too long for a link: page and program say the same of them.

use assent::domain::ledger::verifier_page::verifier_link;
use assent_ledger::digest::sha256_hex;
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::{LeafHead, canonical};
use assent_ledger::note::{Checkpoint, KeyName, SigningKey};
use assent_ledger::receipt::{
    Compared, Documents, Issue, Proof, ReceiptError, ReceiptFacts, sign, verify,
};
use assent_ledger::tree::leaf_hash;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{SIGNED, Verifier, file};

const KIB: usize = 1024;
const WORDS: &str = "I agree.";
const SITE: &str = "https://b.example";

/// A receipt with a policy of so many bytes, in a ledger that holds this event alone.
pub(super) fn receipt_with_policy(length: usize, key: &SigningKey) -> String {
    receipt_of(&"x".repeat(length), key, |_, _| ())
}

/// The same with this policy; its context and its body as they are changed.
pub(super) fn receipt_of(
    policy: &str,
    key: &SigningKey,
    change: impl FnOnce(&mut Value, &mut Value),
) -> String {
    let mut context = json!({
        "controller": { "address": "1 High St", "contact": "dpo@b.example", "name": "Sample Press" },
        "method": "form",
        "notice": { "lang": "en-GB", "sha256": sha256_hex(WORDS.as_bytes()) },
        "policy": { "label": "2026-11", "sha256": sha256_hex(policy.as_bytes()) },
        "purpose": "privacy-policy",
        "site": SITE,
        "source": "/reports/sample",
    });
    let mut body = json!({
        "at": "2026-11-23T09:05:00.000000Z",
        "email": "ada@b.example",
        "event_id": "01936f00-0000-7000-8000-000000000001",
        "requested_at": "2026-11-23T09:00:00.000000Z",
        "seq": 1,
        "subscriber_id": "01936f00-0000-7000-8000-000000000002",
    });
    change(&mut context, &mut body);
    body["context"] = json!(sha256_hex(canonical(&context).unwrap().as_bytes()));
    let salt = [7; 32];
    let head = LeafHead::of_event(EventType::Given);
    let leaf = head.leaf(&salt, &canonical(&body).unwrap());
    // The root of a tree of one leaf is its hash (RFC 6962 §2.1).
    let (size, root) = (1, leaf_hash(leaf.as_bytes()));
    let checkpoint = Checkpoint { origin: key.name().to_string(), size, root };
    let facts = ReceiptFacts {
        body: &body,
        context: Some(&context),
        documents: Documents { form: None, notice: Some(WORDS), policy: Some(policy) },
        issued: Issue {
            at: "2026-11-26T00:00:00.000000Z",
            id: "0f9c2a4e-7d1b-4c55-9a3e-5f6a7b8c9d0e",
            site: SITE,
        },
        leaf: &leaf,
        proof: Proof {
            index: 0,
            size,
            root,
            hashes: &[],
            checkpoint_note: &checkpoint.sign(std::slice::from_ref(key)),
        },
        salt: &URL_SAFE_NO_PAD.encode(salt),
    };
    sign(&facts, key, &[key.vkey()]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_no_link_carries_is_checked_as_a_file() {
    let key = SigningKey::new(KeyName::parse("b.example/ledger").unwrap(), [1; 32]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipt.jws");
    let page = Verifier::open(&file()).await;
    page.knows(&key.vkey().to_string()).await;

    let long = receipt_with_policy(600 * KIB, &key);
    let verified = verify(&long, &[key.vkey()]).unwrap();
    assert_eq!(verified.compared, Compared::Whole);
    std::fs::write(&path, &long).unwrap();
    let said = page.says_of_file(&path).await;
    said.is_sound("receipt", "known");
    assert_eq!(said.title, SIGNED);
    assert!(verifier_link(&long).is_none(), "no browser follows a link of that length");

    // Of 4 MiB neither reads any.
    let longer = receipt_with_policy(3500 * KIB, &key);
    let refused = verify(&longer, &[key.vkey()]).unwrap_err();
    let ReceiptError::Signature(why) = refused else { panic!("{refused}") };
    std::fs::write(&path, &longer).unwrap();
    let said = page.says_of_file(&path).await;
    assert_eq!(said.verdict, "unreadable", "{said:?}");
    page.reader.reads("#verdict", "longer than 4 MiB").await;
    assert_eq!(why.to_string(), "it is longer than 4 MiB");
}
