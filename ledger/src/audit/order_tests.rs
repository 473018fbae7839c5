//! What leaves of version 2 say of each other, and what the audit says to a ledger that breaks it.

use std::fs;

use serde_json::{Value, json};

use super::sample_ledger_tests::{ADA, BOB, Ledger, context, finds, sha256, with};
use super::sample_tests::{Event, events, words};
use crate::bundle::{context_file, notice_file};
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::leaf::canonical;
use crate::note::encode_hash;
use crate::record::RecordType;

pub(super) const UNNAMED: &str = "its body is gone, and no erasure, purge or adoption names it";
const TWICE: &str = "it is named as emptied twice";
pub(super) const FILLED: &str = "it is named as emptied, and has a body";
pub(super) const GAP: &str = "the event before it of the same signup or subscriber is missing";
const LEFT_OVER: &str = "it is about somebody who was erased, and has its body";
const EVIDENCE: &str = "the body does not name its event";
const RECORD: &str = "the record does not say what it should say of other entries";
const BARE_RECORD: &str = "it is what the ledger records of itself";

#[test]
fn a_sound_order_is_vouched_for() {
    for (ledger, erased) in [(Ledger::history(), 0), (Ledger::history_without_bob(), 3)] {
        let report = ledger.bundle().audit();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.erased, report.adopted, report.warnings), (erased, 0, vec![]));
    }
}

#[test]
fn a_gap_is_found_where_the_next_event_stands() {
    for said in [
        json!({ "previous": encode_hash(&[1; 32]) }),
        json!({ "previous": null }),
        json!({ "seq": 2 }),
        json!({ "seq": 4 }),
    ] {
        let mut ledger = Ledger::history();
        ledger.event(EventType::Withdrawn, ADA, said);
        finds(&ledger.bundle(), &[("line 9 (index 8, event ", GAP)]);
    }
    for said in [json!({ "seq": 2 }), json!({ "previous": encode_hash(&[1; 32]) })] {
        let mut ledger = Ledger::history();
        ledger.event(EventType::Given, 13, said);
        finds(&ledger.bundle(), &[("line 9 (index 8, event ", GAP)]);
    }
}

#[test]
fn each_event_says_where_it_stands_and_what_was_shown() {
    for said in [
        json!({ "seq": null }),
        json!({ "seq": -1 }),
        json!({ "seq": 4_294_967_296_u64 }),
        json!({ "previous": "x" }),
        json!({ "subscriber_id": null }),
        json!({ "subscriber_id": "ada" }),
        json!({ "at": null }),
        json!({ "at": "yesterday" }),
        json!({ "event_id": null }),
        json!({ "context": null }),
        json!({ "context": "../keys" }),
        json!({ "context": sha256(&context()).to_uppercase() }),
        json!({ "context": format!("{}/", &sha256(&context())[1..]) }),
    ] {
        let mut ledger = Ledger::history();
        ledger.event(EventType::Withdrawn, ADA, said);
        finds(&ledger.bundle(), &[("line 9 (index 8", EVIDENCE)]);
    }
    for said in
        [json!({ "seq": null }), json!({ "subscriber_id": null }), json!({ "context": "x" })]
    {
        let mut ledger = Ledger::history();
        ledger.empty(&Ledger::BOBS);
        ledger.record(RecordType::Purged, json!({ "emptied": [[2, 2], [4, 4], [7, 7]] }));
        ledger.event(EventType::Erased, BOB, said);
        finds(&ledger.bundle(), &[("line 10 (index 9", EVIDENCE)]);
    }
}

#[test]
fn a_bare_leaf_that_nobody_names_is_found() {
    for index in [1, 3, 7] {
        let mut ledger = Ledger::history();
        ledger.empty(&[index]);
        let place = format!("events.ndjson index {index}: ");
        let found = ledger.bundle().findings();
        assert!(found.iter().any(|found| found == &format!("{place}{UNNAMED}")), "{found:?}");
    }
    let mut ledger = Ledger::history_without_bob();
    ledger.leaves.pop();
    finds(
        &ledger.bundle(),
        &[("index 2: ", UNNAMED), ("index 4: ", UNNAMED), ("index 7: ", UNNAMED)],
    );
}

#[test]
fn a_bare_leaf_is_named_once() {
    let mut ledger = Ledger::history_without_bob();
    ledger.record(RecordType::Purged, json!({ "emptied": [[4, 4]] }));
    finds(&ledger.bundle(), &[("index 4: ", TWICE)]);

    let mut ledger = Ledger::history_without_bob();
    ledger.record(RecordType::Purged, json!({ "waiting": [ledger.leaf_hash(4)] }));
    finds(&ledger.bundle(), &[("index 4: ", TWICE)]);

    let mut ledger = Ledger::history();
    ledger.empty(&[2]);
    let waiting = json!({ "waiting": [ledger.leaf_hash(2)] });
    ledger.record(RecordType::Purged, waiting.clone());
    finds(&ledger.bundle(), &[]);
    ledger.record(RecordType::Purged, waiting);
    finds(&ledger.bundle(), &[("index 9: ", "it names a leaf as emptied that was named before")]);
}

#[test]
fn a_named_leaf_is_bare() {
    let mut ledger = Ledger::history_without_bob();
    ledger.leaves[4] = Ledger::history().leaves[4].clone();
    finds(&ledger.bundle(), &[("line 9 (index 8", LEFT_OVER), ("index 4: ", FILLED)]);

    let mut ledger = Ledger::history();
    ledger.record(RecordType::Purged, json!({ "waiting": [ledger.leaf_hash(2)] }));
    finds(&ledger.bundle(), &[("line 3 (index 2)", FILLED)]);
}

#[test]
fn no_leaf_excuses_what_is_still_to_come() {
    let mut ledger = Ledger::fresh();
    ledger.record(RecordType::Purged, json!({ "emptied": [[3, 9_007_199_254_740_991_u64]] }));
    ledger.event(EventType::Requested, 1, json!({}));
    ledger.event(EventType::Requested, 2, json!({}));
    ledger.empty(&[3]);
    finds(&ledger.bundle(), &[("index 3: ", UNNAMED)]);
}

#[test]
fn a_ledger_is_adopted_once() {
    let mut ledger = Ledger::history();
    ledger.empty(&[2]);
    ledger.record(RecordType::Adopted, json!({ "before": 8, "emptied": [[2, 2]] }));
    finds(&ledger.bundle(), &[("index 8: ", "the ledger was adopted before")]);
    // Its first leaf is a record too: without that one it would have been adopted as it was found.
    ledger.leaves[0] = Ledger::history().leaves[5].clone();
    let report = ledger.bundle().audit();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.adopted, report.erased), (8, 1));
    // What nothing writes any more.
    let mut ledger = Ledger::history();
    ledger.leaves.push(events(1)[0].clone());
    finds(&ledger.bundle(), &[("index 8: ", "of version 1, and the ledger was adopted before")]);
}

#[test]
fn nothing_stays_of_whoever_was_erased() {
    let mut ledger = Ledger::history_without_bob();
    ledger.event(EventType::Given, BOB, json!({}));
    finds(&ledger.bundle(), &[("line 10 (index 9", LEFT_OVER)]);

    let mut ledger = Ledger::history();
    ledger.event(EventType::Erased, BOB, json!({}));
    finds(&ledger.bundle(), &[("line 9 (index 8", LEFT_OVER)]);

    // For a second purpose, the second word of the same erasure.
    let mut ledger = Ledger::history_without_bob();
    ledger.event(EventType::Erased, BOB, json!({}));
    finds(&ledger.bundle(), &[]);
}

#[test]
fn whatever_is_said_to_be_emptied_the_audit_answers() {
    let purged = |said: Value| {
        let mut ledger = Ledger::history();
        ledger.record(RecordType::Purged, said);
        ledger.bundle()
    };
    let most = 9_007_199_254_740_991_u64;
    finds(&purged(json!({ "emptied": [[0, most]] })), &[("index 0: ", FILLED)]);
    finds(&purged(json!({ "emptied": [[8, 8]] })), &[("index 8: ", FILLED)]);
    finds(&purged(json!({ "emptied": [[5, 3], [100, most]], "waiting": ["", "../keys"] })), &[]);
    let report = purged(json!({ "emptied": vec![[0, most]; 5000] })).audit();
    assert_eq!((report.findings.len(), report.more), (20, 4980));
    // The largest index of all is none that a JSON number is sure to carry.
    for emptied in [
        json!([[0, u64::MAX]]),
        json!([[0, -1]]),
        json!([[0.5, 1]]),
        json!([[1]]),
        json!([[1, 2, 3]]),
        json!("all"),
    ] {
        let mut ledger = Ledger::history();
        ledger.record(RecordType::Purged, json!({ "emptied": emptied }));
        finds(&ledger.bundle(), &[("line 9 (index 8)", RECORD)]);
        let mut ledger = Ledger::history();
        ledger.event(EventType::Erased, 13, json!({ "emptied": emptied }));
        finds(&ledger.bundle(), &[("line 9 (index 8", EVIDENCE)]);
    }
    for before in [Value::Null, json!(-1), json!("all")] {
        let mut ledger = Ledger::history();
        ledger.record(RecordType::Adopted, json!({ "before": before }));
        finds(&ledger.bundle(), &[("line 9 (index 8)", RECORD)]);
    }
    // Only an adoption adopts.
    finds(&purged(json!({ "before": 8 })), &[("line 9 (index 8)", RECORD)]);
    let mut ledger = Ledger::history_without_bob();
    ledger.event(EventType::Erased, BOB, json!({ "before": 8 }));
    let report = ledger.bundle().audit();
    assert!(report.is_sound() && report.adopted == 0, "{report:?}");
}

#[test]
fn a_record_is_never_emptied() {
    let mut ledger = Ledger::history();
    ledger.empty(&[5]);
    finds(&ledger.bundle(), &[("line 6 (index 5)", BARE_RECORD), ("index 5: ", UNNAMED)]);
    ledger.record(RecordType::Purged, json!({ "emptied": [[5, 5]] }));
    finds(&ledger.bundle(), &[("line 6 (index 5)", BARE_RECORD)]);
    ledger.leaves[5] = Event { salt: None, ..Ledger::history().leaves[5].clone() };
    finds(&ledger.bundle(), &[("line 6 (index 5)", BARE_RECORD), ("index 5: ", FILLED)]);
}

#[test]
fn a_time_that_runs_back_is_mentioned_and_no_more() {
    let mut ledger = Ledger::history();
    ledger.event(EventType::Withdrawn, ADA, json!({ "at": "2021-11-23T09:05:00.000000Z" }));
    let report = ledger.bundle().audit();
    assert!(report.is_sound(), "{:?}", report.findings);
    let [warning] = &report.warnings[..] else { panic!("{:?}", report.warnings) };
    assert!(warning.starts_with("line 9 (index 8, event "), "{warning}");
    assert!(warning.ends_with("bears an earlier time than the one before it"), "{warning}");
    for _ in 0..30 {
        ledger.event(EventType::Given, ADA, json!({}));
        ledger.event(EventType::Withdrawn, ADA, json!({ "at": "2021-11-23T09:05:00.000000Z" }));
    }
    assert_eq!(ledger.bundle().audit().warnings.len(), 20, "a few of them do");
}

#[test]
fn the_context_must_be_the_one_that_is_named() {
    let bundle = Ledger::history().bundle();
    let file = context_file(&sha256(&context()));
    bundle.write(&file, canonical(&with(context(), json!({ "source": "/elsewhere" }))).unwrap());
    finds(&bundle, &[(&file, "the file's SHA-256 is not the one that line 2 (index 1,")]);
    fs::remove_file(bundle.path().join(&file)).unwrap();
    finds(&bundle, &[(&file, "the file is missing; line 2 (index 1,")]);

    let bundle = Ledger::history().bundle();
    let notice = notice_file(&sha256_hex(words(0).as_bytes()));
    fs::remove_file(bundle.path().join(&notice)).unwrap();
    finds(&bundle, &[(&notice, "the file is missing; line 2 (index 1,")]);
}

#[test]
fn a_context_is_one_to_the_letter() {
    let text = canonical(&context()).unwrap();
    for text in [
        String::new(),
        "{}".into(),
        format!("{text}\n"),
        text.replacen('{', "{\"method\":\"program\",", 1),
        text.replace("2026-11", "../keys"),
        text.replace(&sha256_hex(words(0).as_bytes()), "../keys"),
        text.replace(r#""method":"form","#, ""),
        text.replace(r#""name":"Civic Press""#, r#""name":1"#),
    ] {
        let named = sha256_hex(text.as_bytes());
        let mut ledger = Ledger::history();
        ledger.event(EventType::Withdrawn, ADA, json!({ "context": named }));
        let (bundle, file) = (ledger.bundle(), context_file(&named));
        bundle.write(&file, text);
        finds(&bundle, &[(&file, "not a context as events name it; line 9 (index 8,")]);
    }
}
