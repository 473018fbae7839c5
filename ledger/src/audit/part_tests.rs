//! What a part of a ledger shows of itself, and what rests on the signed word on how much it is.

use std::fs;

use serde_json::json;

use super::order_tests::{FILLED, GAP, UNNAMED};
use super::sample_ledger_tests::{ADA, Ledger, finds};
use super::sample_tests::{
    Bundle, Event, checkpoint, earlier, events, kept, key, lines, proof, texts,
};
use crate::bundle::EXTENT;
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::extent::Extent;
use crate::jws;
use crate::note::encode_hash;
use crate::record::RecordType;

const OTHER_EXTENT: &str = "the signed word is on other events, or on another checkpoint";

#[test]
fn a_part_is_held_to_the_signed_word_on_how_much_it_is() {
    let mut ledger = Ledger::history();
    ledger.event(EventType::Withdrawn, ADA, json!({}));
    let whole = [1, 3, 6, 8];
    let report = ledger.part(&whole).audit();
    assert!(report.is_sound() && report.partial, "{:?}", report.findings);

    let word = |indexes: &[usize]| {
        let lines = ledger.part_lines(indexes).concat();
        Extent::new(indexes.len() as u64, sha256_hex(lines.as_bytes()), &checkpoint(&ledger.leaves))
    };
    let left = |indexes: &[usize], expected: &[(&str, &str)]| {
        let bundle = ledger.part(indexes);
        bundle.write(EXTENT, word(&whole).sign(&key(1)));
        finds(&bundle, expected);
    };
    left(&whole, &[]);
    left(&[1, 3, 8], &[("line 3 (index 8", GAP), (EXTENT, OTHER_EXTENT)]);
    left(&[1, 3, 6], &[(EXTENT, OTHER_EXTENT)]);
    left(&[1, 2, 3, 6, 8], &[(EXTENT, OTHER_EXTENT)]);
    left(&[3, 6, 8], &[(EXTENT, OTHER_EXTENT)]);

    let bundle = ledger.part(&whole);
    fs::remove_file(bundle.path().join(EXTENT)).unwrap();
    finds(&bundle, &[(EXTENT, "the signed word on how many events these are is missing")]);
    let older = checkpoint(&ledger.leaves[..8]);
    let grown = Extent { size: older.size, root: encode_hash(&older.root), ..word(&whole) };
    for extent in [grown, Extent { events: 5, ..word(&whole) }] {
        bundle.write(EXTENT, extent.sign(&key(1)));
        finds(&bundle, &[(EXTENT, OTHER_EXTENT)]);
    }
    let receipt = jws::sign("consent-receipt+jws", "json", &json!(word(&whole)), &key(1));
    for text in [word(&whole).sign(&key(2)), receipt, "a.b.c".into(), String::new()] {
        bundle.write(EXTENT, text);
        finds(&bundle, &[(EXTENT, "the signed word on how many events these are does not count")]);
    }
}

#[test]
fn a_part_judges_only_what_it_holds() {
    let mut ledger = Ledger::history_without_bob();
    ledger.record(RecordType::Purged, json!({ "emptied": [[3, 3]] }));
    finds(&ledger.part(&[2, 9]), &[("index 2: ", UNNAMED)]);
    finds(&ledger.part(&[2, 8]), &[]);
    finds(&ledger.part(&[3, 9]), &[("index 3: ", FILLED)]);
}

#[test]
fn a_part_of_the_ledger_proves_itself_event_by_event() {
    let whole = events(21);
    let line = |index: u64, event: &Event| event.line(index, Some(&proof(&whole, index)));
    let part = [line(3, &whole[3]), line(16, &whole[16]), line(20, &whole[20])];
    let report = Bundle::new(&whole, &part).audit();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert!(report.partial);
    assert_eq!((report.events, report.size), (3, 21));

    let moved = [line(3, &whole[4]), line(16, &whole[16])];
    let found = Bundle::new(&whole, &moved).findings();
    assert!(found[0].contains("index 3") && found[0].contains("inclusion proof"), "{found:?}");

    let bare = [line(3, &whole[3]), lines(&whole)[16].clone()];
    let found = Bundle::new(&whole, &bare).findings();
    assert!(found[0].contains("index 16") && found[0].contains("no inclusion proof"), "{found:?}");

    let twice = [line(3, &whole[3]), line(3, &whole[3])];
    let found = Bundle::new(&whole, &twice).findings();
    assert!(found[0].contains("not above that of the line before"), "{found:?}");

    let edited = [part[0].replace("reader3@", "reader4@")];
    assert!(Bundle::new(&whole, &edited).findings()[0].contains("does not commit"));

    let report = kept(&Bundle::new(&whole, &part), &earlier(&whole[..9]));
    assert!(texts(&report)[0].contains("cannot be checked against an earlier"), "{report:?}");
    let report = kept(&Bundle::new(&whole, &part), &earlier(&whole));
    assert!(report.is_sound(), "{report:?}");
}
