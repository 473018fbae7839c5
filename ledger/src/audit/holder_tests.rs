//! What whoever holds the ledger's key could still do against a head that somebody kept, and what the audit says to it.

use serde_json::{Value, json};

use super::sample_ledger_tests::{ADA, BOB, Ledger, finds};
use super::sample_tests::{Bundle, checkpoint, event_id, key, texts};
use crate::audit::{AuditReport, Known, audit};
use crate::bundle::CHECKPOINT;
use crate::cosignature::tests::{line, witness};
use crate::event_type::EventType;
use crate::note::{Checkpoint, KeyName, SignedNote, SigningKey, encode_hash};
use crate::record::RecordType;
use crate::witnesses::Witnesses;

const FIRST: &str = "example.org/ledger";
const SECOND: &str = "example.org/ledger/r2";

/// 24 November 2026, 6:40.
const SEEN: u64 = 1_795_502_400;

fn signed(ledger: &Ledger, origin: &str) -> String {
    let signer = SigningKey::new(KeyName::parse(origin).unwrap(), [1; 32]);
    Checkpoint { origin: origin.into(), ..checkpoint(&ledger.leaves) }.sign(&[signer])
}

fn called(ledger: &Ledger, origin: &str) -> Bundle {
    let bundle = ledger.bundle();
    bundle.write(CHECKPOINT, signed(ledger, origin));
    bundle
}

/// The head of a ledger as it is, as bodies name it.
fn head(ledger: &Ledger, origin: &str) -> Value {
    let Checkpoint { size, root, .. } = checkpoint(&ledger.leaves);
    json!({ "origin": origin, "root": encode_hash(&root), "size": size })
}

fn with(mut head: Value, name: &str, to: Value) -> Value {
    head[name] = to;
    head
}

#[test]
fn a_later_name_needs_its_entry() {
    let mut ledger = Ledger::history();
    for origin in [SECOND, "example.org/ledger/r9"] {
        let words =
            format!("it is of {origin:?}, and by its entries the ledger is called {FIRST:?}");
        finds(&called(&ledger, origin), &[(CHECKPOINT, &words)]);
    }
    let from = head(&ledger, FIRST);
    ledger.record(RecordType::Resumed, json!({ "epoch": SECOND, "from": from }));
    finds(&called(&ledger, SECOND), &[]);
    for origin in [FIRST, "example.org/ledger/r3"] {
        let words =
            format!("it is of {origin:?}, and by its entries the ledger is called {SECOND:?}");
        finds(&called(&ledger, origin), &[(CHECKPOINT, &words)]);
    }
    // Once more, and a name that nobody took is passed over.
    let (from, third) = (head(&ledger, SECOND), "example.org/ledger/r4");
    ledger.record(RecordType::Resumed, json!({ "epoch": third, "from": from }));
    finds(&called(&ledger, third), &[]);
}

#[test]
fn it_goes_on_from_what_stands_before_it() {
    let sound = head(&Ledger::history(), FIRST);
    let name = "that is no later name than each before, of the same ledger";
    for (said, words) in [
        (
            json!({ "epoch": SECOND, "from": with(sound.clone(), "size", json!(7)) }),
            "from 7 entries",
        ),
        (json!({ "epoch": SECOND, "from": null }), "from 0 entries"),
        (
            json!({ "epoch": SECOND, "from": with(sound.clone(), "root", json!("AAAA")) }),
            "from another tree than that of the entries before it",
        ),
        (json!({ "epoch": SECOND, "from": with(sound.clone(), "origin", json!("k")) }), name),
        (json!({ "epoch": SECOND, "from": with(sound.clone(), "origin", json!(SECOND)) }), name),
        (
            json!({ "epoch": SECOND, "from": sound, "known": with(sound.clone(), "origin", json!(SECOND)) }),
            name,
        ),
    ] {
        let mut ledger = Ledger::history();
        ledger.record(RecordType::Resumed, said);
        finds(&called(&ledger, SECOND), &[("line 9 (index 8)", words)]);
    }
    // What only a ledger says that went on says no other.
    for said in [json!({ "from": sound }), json!({ "known": sound }), json!({ "epoch": SECOND })] {
        let mut ledger = Ledger::history();
        ledger.record(RecordType::Recorded, said);
        finds(&ledger.bundle(), &[("line 9 (index 8)", "the record does not say")]);
    }
}

#[test]
fn an_id_is_of_one_event() {
    let mut ledger = Ledger::history();
    ledger.event(EventType::Requested, 3, json!({ "event_id": event_id(3) }));
    finds(&ledger.bundle(), &[("line 9 (index 8", "another event before it has the same id")]);
}

#[test]
fn whoever_had_no_event_has_nothing_emptied() {
    let mut ledger = Ledger::history();
    ledger.empty(&[7]);
    ledger.event(EventType::Erased, 77, json!({ "emptied": [[7, 7]] }));
    let words =
        "it is the first event of its subscriber, and says that something of theirs was emptied";
    finds(&ledger.bundle(), &[("line 9 (index 8", words)]);
}

#[test]
fn claims_do_not_fall() {
    for (claims, sound) in [
        (json!({ "count": 4, "sha256": "1" }), true),
        (json!({ "count": 3, "sha256": "0" }), true),
        (json!({ "count": 3, "sha256": "1" }), false),
        (json!({ "count": 2, "sha256": "1" }), false),
    ] {
        let mut ledger = Ledger::history();
        ledger.record(RecordType::Recorded, json!({ "claims": claims }));
        let found = ledger.bundle().findings();
        assert_eq!(found.is_empty(), sound, "{claims}: {found:?}");
        assert!(sound || found[0].contains("it counts fewer claims"), "{found:?}");
    }
}

/// Under a head that a witness signed, and one that was kept over the first leaves.
fn seen(ledger: &Ledger, kept: &Ledger) -> AuditReport {
    let (vkey, signer) = witness("w/1", 21);
    let cosigned = |ledger: &Ledger| {
        let note = SignedNote::parse(&signed(ledger, FIRST)).unwrap();
        let line = line(&(vkey.clone(), signer.clone()), note.text(), SEEN);
        note.with(&[line])
    };
    let bundle = ledger.bundle();
    bundle.write(CHECKPOINT, cosigned(ledger).as_str());
    let (kept, witnesses) = (cosigned(kept), Witnesses::new(vec![vkey.clone()], None).unwrap());
    let key = key(1).vkey();
    let known = Known {
        key: Some(&key),
        earlier: Some(&kept),
        witnesses: Some(&witnesses),
        ..Known::default()
    };
    audit(bundle.path(), known).unwrap()
}

#[test]
fn times_are_held_against_those_of_witnesses() {
    let kept = Ledger::history();
    for (at, finding, warning) in [
        ("2026-11-24T06:44:59Z", false, false),
        ("2026-11-24T06:45:01Z", true, false),
        ("2031-01-01T00:00:00Z", true, false),
        ("2026-11-23T06:40:00Z", false, false),
        ("2026-11-23T06:39:59Z", false, true),
        ("2024-05-01T09:00:00Z", false, true),
    ] {
        let mut ledger = kept.clone();
        ledger.event(EventType::Requested, 3, json!({ "at": at }));
        let report = seen(&ledger, &kept);
        assert_eq!(!report.is_sound(), finding, "{at}: {:?}", report.findings);
        assert_eq!(!report.warnings.is_empty(), warning, "{at}: {:?}", report.warnings);
        if finding {
            let words = "over the first 9 leaves, which covers it, was signed by a witness at 2026-11-24T06:40:00Z";
            assert!(texts(&report)[0].contains(words), "{report:?}");
        }
    }
    // An import is of today, whenever it was agreed to elsewhere.
    let mut ledger = kept.clone();
    ledger.event(EventType::Given, BOB + 1, json!({ "requested_at": "2019-01-01T00:00:00Z" }));
    ledger.event(EventType::Withdrawn, ADA, json!({}));
    let report = seen(&ledger, &kept);
    assert!(report.is_sound() && report.warnings.is_empty(), "{report:?}");
}
