//! `assent-audit` as an outsider runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use assent_ledger::bundle::{CHECKPOINT, EVENTS, KEYS, NewLine, keys_json};
use assent_ledger::leaf::LeafHead;
use assent_ledger::note::{Checkpoint, KeyName, SigningKey};
use assent_ledger::record::RecordType;
use assent_ledger::tree::leaf_hash;

const BODY: &str =
    r#"{"at":"2026-11-23T09:05:00.000000Z","record_id":"01936f00-0000-7000-8000-000000000001"}"#;

/// A ledger of one leaf, which says that something was purged.
fn write_bundle(dir: &Path, key: &SigningKey) {
    let (salt, head) = ([5; 32], LeafHead::of_record(RecordType::Purged));
    let leaf = head.leaf(&salt, BODY);
    let origin = key.name().as_str().to_owned();
    let checkpoint = Checkpoint { origin, size: 1, root: leaf_hash(leaf.as_bytes()) };
    let line = NewLine { index: 0, leaf: &leaf, salt: Some(&salt), body: Some(BODY), proof: None };
    fs::write(dir.join(EVENTS), line.text()).unwrap();
    fs::write(dir.join(CHECKPOINT), checkpoint.sign(std::slice::from_ref(key))).unwrap();
    fs::write(dir.join(KEYS), keys_json(&[(key.vkey(), None)])).unwrap();
}

/// What it printed, what it said besides, and its status.
fn run(arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_assent-audit")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn a_bundle_is_sound_until_a_byte_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
    write_bundle(dir.path(), &key);
    let (bundle, vkey) = (dir.path().to_str().unwrap(), key.vkey().to_string());
    let (said, errors, status) = run(&["bundle", bundle, "--key", &vkey]);
    assert_eq!((&*errors, status), ("", Some(0)));
    assert!(said.starts_with("sound: 1 leaves of example.org/ledger, 0 of them emptied"), "{said}");
    assert!(said.contains(&format!("signed by the key you gave: {vkey}")), "{said}");

    let events = dir.path().join(EVENTS);
    let changed = fs::read_to_string(&events).unwrap().replace("2026-11-23", "2026-11-24");
    fs::write(&events, changed).unwrap();
    let (said, errors, status) = run(&["bundle", bundle]);
    assert!(said.contains("the leaf does not commit to this body"), "{said}");
    let refusal = "assent-audit: the bundle does not prove what it says\n";
    assert_eq!((&*errors, status), (refusal, Some(1)));
}

#[test]
fn what_is_no_receipt_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt.jws");
    fs::write(&file, "a.b").unwrap();
    let vkey = SigningKey::new(KeyName::parse("ledger").unwrap(), [1; 32]).vkey().to_string();
    let (said, errors, status) = run(&["receipt", file.to_str().unwrap(), "--key", &vkey]);
    let refusal = "assent-audit: this is not a receipt: it is not a JWS in its compact form\n";
    assert_eq!((&*said, &*errors, status), ("", refusal, Some(1)));
    assert_eq!(run(&["receipt", file.to_str().unwrap()]).2, Some(2));
}
