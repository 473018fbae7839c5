//! What a promise is held against, and every way to break one that we could think of.

use std::fs;
use std::path::Path;

use serde_json::json;
use uuid::Uuid;

use super::promise::{Evidence, check, hold, promises_in, words};
use super::refusal::AuditRefusal as R;
use crate::audit::sample_ledger_tests::Ledger;
use crate::audit::sample_tests::{
    Bundle, Event, POLICY, checkpoint, event_id, events, key, lines, proof,
};
use crate::bundle::{CHECKPOINT, EVENTS};
use crate::cosignature::tests::{line, witness};
use crate::event_type::EventType;
use crate::leaf::LeafHead;
use crate::note::{SignedNote, SigningKey, encode_hash};
use crate::promise::Promise;
use crate::receipt::{Documents, Issue, Proof, ReceiptFacts, sign};
use crate::record::RecordType;
use crate::witnesses::Witnesses;

const NOTHING: Evidence<'_> = Evidence { receipt: None, bundle: None, witnesses: None };

/// What was promised of the event at this place.
fn promise(ledger: &[Event], index: u64) -> Promise {
    Promise {
        at: "2026-11-23T09:05:00.000000Z".into(),
        event_id: event_id(index).parse().unwrap(),
        leaf: ledger[usize::try_from(index).unwrap()].leaf.clone(),
        merge_delay: 86_400,
        origin: "example.org/ledger".into(),
    }
}

fn holds(promise: &Promise, evidence: &Evidence<'_>) -> Result<(), R> {
    check(&[&promise.sign(&key(1))], &key(1).vkey(), evidence)
}

fn in_bundle(promise: &Promise, bundle: &Bundle) -> Result<(), R> {
    let bundle = Some(bundle.path());
    holds(promise, &Evidence { receipt: None, bundle, witnesses: None })
}

/// The receipt of the event at this place.
fn receipt(ledger: &[Event], index: u64, signer: &SigningKey) -> String {
    let event = &ledger[usize::try_from(index).unwrap()];
    let body: serde_json::Value = serde_json::from_str(event.body.as_ref().unwrap()).unwrap();
    let head = checkpoint(ledger);
    let facts = ReceiptFacts {
        body: &body,
        context: None,
        documents: Documents {
            form: None,
            notice: body["notice"]["text"].as_str(),
            policy: Some(POLICY),
        },
        issued: Issue {
            at: "2026-11-26T00:00:00.000000Z",
            id: "0f9c2a4e-7d1b-4c55-9a3e-5f6a7b8c9d0e",
            site: "https://reports.example",
        },
        leaf: &event.leaf,
        proof: Proof {
            index,
            size: head.size,
            root: head.root,
            hashes: &proof(ledger, index),
            checkpoint_note: &head.sign(&[key(1)]),
        },
        salt: &data_encoding::BASE64URL_NOPAD.encode(&event.salt.unwrap()),
    };
    sign(&facts, signer, &[key(1).vkey()]).unwrap()
}

fn with_receipt(promise: &Promise, text: &str) -> Result<(), R> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt.jws");
    fs::write(&file, text).unwrap();
    holds(promise, &Evidence { receipt: Some(&file), bundle: None, witnesses: None })
}

#[test]
fn alone_it_is_a_promise_and_no_proof() {
    let made = promise(&Ledger::history().leaves, 3);
    let alone = Evidence { receipt: None, bundle: None, witnesses: None };
    assert!(holds(&made, &alone).is_ok());
    let forged = check(&[&made.sign(&key(2))], &key(1).vkey(), &alone);
    assert!(matches!(forged, Err(R::Promise(_))), "{forged:?}");
    let witnesses = Witnesses::new(vec![witness("w", 9).0], None).unwrap();
    let asked = holds(&made, &Evidence { witnesses: Some(&witnesses), ..alone });
    assert!(matches!(asked, Err(R::NoCheckpoint)), "{asked:?}");
}

#[test]
fn a_bundle_has_what_was_promised() {
    let ledger = Ledger::history();
    let made = promise(&ledger.leaves, 3);
    in_bundle(&made, &ledger.bundle()).unwrap();
    in_bundle(&made, &ledger.part(&[1, 3, 6])).unwrap();
}

#[test]
fn an_emptied_leaf_shows_no_more_whose_it_was() {
    let ledger = Ledger::history();
    let emptied = Ledger::history_without_bob();
    let bobs = promise(&ledger.leaves, 4);
    // Whoever is promised something may be given the leaf of somebody else, who was erased.
    let of_another = Promise { event_id: Uuid::from_u128(7), ..bobs.clone() };
    for promise in [&bobs, &of_another] {
        for bundle in [emptied.bundle(), emptied.part(&[2, 4, 7, 8])] {
            let evidence = Evidence { bundle: Some(bundle.path()), ..NOTHING };
            let seen = hold(promise, &key(1).vkey(), &evidence).unwrap().unwrap();
            assert_eq!((seen.index, seen.size, seen.is_of_event), (4, 9, false));
            let said = words(promise, Some(seen));
            assert!(said.contains("is not proved by this") && !said.contains("kept"), "{said}");
        }
    }
    // While its body is there, it is seen.
    let told = in_bundle(&of_another, &ledger.bundle());
    assert!(matches!(told, Err(R::OtherEvent(_))), "{told:?}");

    // What was emptied before it was promised was never the promised event.
    let at = |at: &str| Promise { at: at.into(), ..bobs.clone() };
    in_bundle(&at("2026-11-23T09:05:01.9Z"), &emptied.bundle()).unwrap();
    for at in [at("2026-11-23T09:05:02Z"), at("2027-01-01T00:00:00Z")] {
        let told = in_bundle(&at, &emptied.bundle());
        let when = "2026-11-23T09:05:00Z";
        assert!(matches!(&told, Err(R::EmptiedBefore { at }) if at == when), "{told:?}");
    }
    let (mut waiting, form) = (Ledger::history(), promise(&ledger.leaves, 2));
    let hash = encode_hash(&form.leaf_hash());
    waiting.record(RecordType::Purged, json!({ "waiting": [hash] }));
    waiting.empty(&[2]);
    in_bundle(&form, &waiting.bundle()).unwrap();
    let late = Promise { at: "2027-01-01T00:00:00Z".into(), ..form };
    let told = in_bundle(&late, &waiting.bundle());
    assert!(matches!(told, Err(R::EmptiedBefore { .. })), "{told:?}");
    // No other emptied leaf does instead.
    let never = LeafHead::of_event(EventType::Given).leaf(&[9; 32], "{}");
    let told = in_bundle(&Promise { leaf: never, ..bobs }, &emptied.bundle());
    assert!(matches!(told, Err(R::NotKept { .. })), "{told:?}");
}

#[test]
fn a_receipt_says_whose_leaf_it_was_that_was_emptied() {
    let mut whole = events(9);
    let given = receipt(&whole, 4, &key(1));
    let erasure =
        json!({ "emptied": [[4, 4]], "event_id": event_id(9), "purpose": "privacy-policy" });
    whole.push(Event::new(EventType::Erased, &erasure));
    let mut left = whole.clone();
    left[4] = left[4].bare();
    let bundle = Bundle::new(&whole, &lines(&left));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt.jws");
    fs::write(&file, given).unwrap();
    let evidence = Evidence { receipt: Some(&file), bundle: Some(bundle.path()), witnesses: None };
    let made = promise(&whole, 4);
    let seen = hold(&made, &key(1).vkey(), &evidence).unwrap().unwrap();
    assert!(seen.is_of_event && words(&made, Some(seen)).contains(", and kept: the ledger holds"));
    let alone = Evidence { receipt: None, ..evidence };
    assert!(!hold(&made, &key(1).vkey(), &alone).unwrap().unwrap().is_of_event);
}

#[test]
fn a_promise_that_was_not_kept_is_told() {
    let ledger = Ledger::history();
    let made = promise(&ledger.leaves, 3);
    let mut never = made.clone();
    never.leaf = LeafHead::of_event(EventType::Given).leaf(&[9; 32], "{}");
    let broken = in_bundle(&never, &ledger.bundle());
    assert!(matches!(&broken, Err(R::NotKept { due }) if due == "2026-11-24T09:05:00Z"));
    let mut early = ledger.clone();
    early.leaves.truncate(3);
    assert!(matches!(in_bundle(&made, &early.bundle()), Err(R::NotKept { .. })));
    assert!(matches!(in_bundle(&made, &ledger.part(&[2, 4])), Err(R::NotInPart)));

    let other = Promise { event_id: Uuid::from_u128(7), ..made.clone() };
    let told = in_bundle(&other, &ledger.bundle());
    assert!(matches!(told, Err(R::OtherEvent(id)) if id == made.event_id), "{told:?}");
    let moved = Promise { origin: "example.org/shadow".into(), ..made.clone() };
    assert!(matches!(in_bundle(&moved, &ledger.bundle()), Err(R::Promise(_))));

    let bundle = ledger.bundle();
    let spoilt = fs::read_to_string(bundle.path().join(EVENTS)).unwrap().replace("23T09", "24T09");
    bundle.write(EVENTS, spoilt);
    assert!(matches!(in_bundle(&made, &bundle), Err(R::NotProvedKept)));
    let bundle = ledger.bundle();
    bundle.write(CHECKPOINT, checkpoint(&ledger.leaves).sign(&[key(2)]));
    assert!(matches!(in_bundle(&made, &bundle), Err(R::NotProvedKept)));
}

#[test]
fn a_receipt_is_of_the_same_event_and_leaf() {
    let whole = events(5);
    let made = promise(&whole, 3);
    with_receipt(&made, &receipt(&whole, 3, &key(1))).unwrap();
    for other in [
        promise(&whole, 2),
        Promise { event_id: Uuid::from_u128(7), ..made.clone() },
        Promise { leaf: whole[2].leaf.clone(), ..made.clone() },
    ] {
        let told = with_receipt(&other, &receipt(&whole, 3, &key(1)));
        assert!(matches!(told, Err(R::OtherReceipt)), "{told:?}");
    }
    // Mail programs break long lines.
    let broken = |text: String| {
        let lines = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap());
        lines.collect::<Vec<_>>().join("\r\n ")
    };
    with_receipt(&made, &broken(receipt(&whole, 3, &key(1)))).unwrap();
    for text in [receipt(&whole, 3, &key(2)), made.sign(&key(1)), "x".into()] {
        assert!(matches!(with_receipt(&made, &text), Err(R::Receipt(_))));
    }
}

#[test]
fn a_file_of_a_mail_holds_several() {
    let ledger = Ledger::history();
    let (one, other) = (promise(&ledger.leaves, 3), promise(&ledger.leaves, 1));
    let never = LeafHead::of_event(EventType::Given).leaf(&[9; 32], "{}");
    let broken = Promise { leaf: never, ..other.clone() };
    let file = |promises: &[&Promise]| {
        let signed = promises.iter().map(|promise| promise.sign(&key(1)) + "\r\n");
        format!(
            "Signed promises. Checked at https://b.example/\r\n\r\n{}",
            signed.collect::<String>()
        )
    };
    let bundle = ledger.bundle();
    let by = |text: &str, bundle: Option<&Path>, receipt: Option<&Path>| {
        let evidence = Evidence { receipt, bundle, witnesses: None };
        check(&promises_in(text).unwrap(), &key(1).vkey(), &evidence)
    };
    let in_bundle = |text: &str| by(text, Some(bundle.path()), None);
    in_bundle(&file(&[&one, &other])).unwrap();
    for promises in [[&one, &broken], [&broken, &one]] {
        let told = in_bundle(&file(&promises));
        assert!(matches!(told, Err(R::NotKept { .. })), "{told:?}");
    }
    // One that is damaged is not passed over.
    for (from, to) in [("\r\neyJ", "\r\nayJ"), (".", "")] {
        let text = file(&[&one, &other]);
        let at = text.rfind(from).unwrap();
        let told = in_bundle(&format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
        assert!(matches!(told, Err(R::Promise(_))), "{told:?}");
    }

    // A receipt is of one of them.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("receipt.jws");
    let whole = events(5);
    fs::write(&path, receipt(&whole, 3, &key(1))).unwrap();
    let (one, other) = (promise(&whole, 3), promise(&whole, 2));
    by(&file(&[&other, &one]), None, Some(&path)).unwrap();
    let told = by(&file(&[&other, &promise(&whole, 1)]), None, Some(&path));
    assert!(matches!(told, Err(R::OtherReceipt)), "{told:?}");
    let missing = by(&file(&[&other, &one]), Some(ledger.bundle().path()), Some(&path));
    assert!(missing.is_err(), "and the bundle is of another ledger");

    assert!(promises_in(&receipt(&whole, 3, &key(1))).is_none());
    assert!(promises_in("no promise at all\n").is_none() && promises_in("").is_none());
}

#[test]
fn witnesses_sign_the_checkpoint_of_either() {
    let (ledger, one) = (Ledger::history(), witness("w", 9));
    let witnesses = Witnesses::new(vec![one.0.clone()], None).unwrap();
    let made = promise(&ledger.leaves, 3);
    let bundle = ledger.bundle();
    let asked = |bundle: &Path| {
        let evidence =
            Evidence { receipt: None, bundle: Some(bundle), witnesses: Some(&witnesses) };
        holds(&made, &evidence)
    };
    assert!(matches!(asked(bundle.path()), Err(R::NotProvedKept)));
    let note = fs::read_to_string(bundle.path().join(CHECKPOINT)).unwrap();
    let note = SignedNote::parse(&note).unwrap();
    bundle.write(CHECKPOINT, note.with(&[line(&one, note.text(), 1_795_502_400)]).as_str());
    asked(bundle.path()).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("receipt.jws");
    let whole = events(5);
    fs::write(&file, receipt(&whole, 3, &key(1))).unwrap();
    let evidence = Evidence { receipt: Some(&file), bundle: None, witnesses: Some(&witnesses) };
    assert!(matches!(holds(&promise(&whole, 3), &evidence), Err(R::Unwitnessed)));
}
