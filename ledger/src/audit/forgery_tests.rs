//! Every way to falsify a bundle that we could think of, and what the audit says to it.

use std::fs;

use serde_json::{Value, json};

use super::sample_tests::{
    Bundle, Event, ORIGIN, body, checkpoint, event, event_id, events, key, lines, words,
};
use crate::audit::{AuditError, Known, audit};
use crate::bundle::{CHECKPOINT, EVENTS, KEYS, notice_file, policy_file};
use crate::digest::sha256_hex;
use crate::event_type::EventType;

#[test]
fn a_sound_bundle_is_vouched_for() {
    for count in [0, 1, 2, 7, 100] {
        let report = Bundle::sound(count).audit();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.events, report.size, report.erased), (count, count, 0));
        assert_eq!(report.adopted, count, "none says when it was authenticated");
        assert_eq!(report.key, Some(key(1).vkey()));
        assert_eq!(report.fingerprint, key(1).vkey().fingerprint());
        assert_eq!((&*report.origin, report.partial), (ORIGIN, false));
        assert_eq!(report.root, checkpoint(&events(count)).root);
    }
}

#[test]
fn an_erased_event_keeps_its_leaf_and_every_proof() {
    let mut whole = events(9);
    let erasure =
        json!({ "emptied": [[4, 4]], "event_id": event_id(9), "purpose": "privacy-policy" });
    whole.push(Event::new(EventType::Erased, &erasure));
    let mut left = whole.clone();
    left[4] = left[4].bare();
    let report = Bundle::new(&whole, &lines(&left)).audit();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.events, report.erased), (10, 1));
}

#[test]
fn that_somebody_was_erased_needs_no_words() {
    let body = json!({ "event_id": event_id(1), "purpose": "privacy-policy" });
    let erased = [Event::new(EventType::Erased, &body)];
    assert!(Bundle::new(&erased, &lines(&erased)).audit().is_sound());
    let given = [Event::new(EventType::Given, &body)];
    let found = Bundle::new(&given, &lines(&given)).findings();
    assert!(found[0].contains("does not name its event, its notice and its policy"), "{found:?}");
}

#[test]
fn the_form_of_the_json_does_not_matter() {
    let events = events(3);
    let loose = |line: &String| {
        let value: Value = serde_json::from_str(line).unwrap();
        format!("{}\r\n", value.to_string().replace(",\"", " , \""))
    };
    let lines: Vec<_> = lines(&events).iter().map(loose).collect();
    assert!(lines[0].contains(" , \"notice\":"));
    assert_eq!(Bundle::new(&events, &lines).findings(), [""; 0]);
}

#[test]
fn an_edited_body_is_named() {
    let whole = events(8);
    let mut lines = lines(&whole);
    lines[5] = lines[5].replace("reader5@", "reader6@");
    let found = Bundle::new(&whole, &lines).findings();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&format!("{EVENTS} line 6 (index 5, event {})", event_id(5))));
    assert!(found[0].contains("does not commit to this body"), "{found:?}");
}

#[test]
fn bodies_that_were_exchanged_are_both_named() {
    let whole = events(8);
    let mut changed = whole.clone();
    changed[2].body = whole[6].body.clone();
    changed[6].body = whole[2].body.clone();
    let found = Bundle::new(&whole, &lines(&changed)).findings();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains(&format!("index 2, event {}", event_id(6))), "{found:?}");
    assert!(found[1].contains(&format!("index 6, event {}", event_id(2))), "{found:?}");
}

#[test]
fn rows_that_were_exchanged_whole_break_the_root() {
    let whole = events(8);
    let mut changed = whole.clone();
    changed.swap(2, 6);
    let found = Bundle::new(&whole, &lines(&changed)).findings();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("the root over the leaves"), "{found:?}");
}

#[test]
fn a_row_left_out_is_named() {
    let whole = events(8);
    let mut lines = lines(&whole);
    lines.remove(3);
    let found = Bundle::new(&whole, &lines).findings();
    assert!(found[0].contains("line 4 (index 4,") && found[0].contains("should be 3"), "{found:?}");
    assert!(found[1].contains("has 7 events, and its checkpoint was made over 8"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_row_left_out_and_closed_up_is_found() {
    let whole = events(8);
    let mut left = whole.clone();
    left.remove(3);
    let found = Bundle::new(&whole, &lines(&left)).findings();
    assert!(found[0].contains("has 7 events"), "{found:?}");
    left.push(event(99));
    let found = Bundle::new(&whole, &lines(&left)).findings();
    assert!(found[0].contains("the root over the leaves"), "{found:?}");
}

#[test]
fn a_doubled_row_is_found() {
    let whole = events(4);
    let mut lines = lines(&whole);
    lines.insert(2, lines[1].clone());
    let found = Bundle::new(&whole, &lines).findings();
    assert!(found[0].contains("line 3 (index 1,") && found[0].contains("should be 2"), "{found:?}");
}

#[test]
fn a_rewritten_event_is_found_by_the_root() {
    let whole = events(8);
    let mut changed = whole.clone();
    changed[3] = event(55);
    let found = Bundle::new(&whole, &lines(&changed)).findings();
    assert!(found[0].contains("the root over the leaves"), "{found:?}");
}

#[test]
fn files_must_be_those_that_were_shown() {
    let bundle = Bundle::sound(6);
    let notice = notice_file(&sha256_hex(words(1).as_bytes()));
    bundle.write(&notice, "I agree to nothing.");
    bundle.write(&policy_file("2026-11"), "# Other\n");
    let found = bundle.findings();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("policies/2026-11.md: ") && found[0].contains("line 1 (index 0"));
    assert!(found[1].starts_with(&notice) && found[1].contains("line 2 (index 1"), "{found:?}");

    fs::remove_file(bundle.path().join(&notice)).unwrap();
    fs::remove_file(bundle.path().join(policy_file("2026-11"))).unwrap();
    let found = bundle.findings();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("the file is missing; line 1"), "{found:?}");
}

#[test]
fn words_and_hash_must_agree_in_the_body() {
    let mut changed: Value = serde_json::from_str(&body(0)).unwrap();
    changed["notice"]["text"] = json!("Other words.");
    let event = [Event::new(EventType::Given, &changed)];
    let found = Bundle::new(&event, &lines(&event)).findings();
    assert!(found[0].contains("notice's SHA-256 is not that of its text"), "{found:?}");

    let mut changed: Value = serde_json::from_str(&body(0)).unwrap();
    changed["policy"]["label"] = json!("../keys");
    let event = [Event::new(EventType::Given, &changed)];
    let found = Bundle::new(&event, &lines(&event)).findings();
    assert!(found[0].contains("label is not a label"), "{found:?}");
}

#[test]
fn damaged_rows_are_named() {
    let whole = events(6);
    let mut lines = lines(&whole);
    lines[0] = "no JSON\n".into();
    lines[1] = lines[1].replace("\"salt\":\"", "\"salt\":\"A");
    lines[2] = lines[2].replace(r#"\"t\":\"given\""#, r#"\"t\":\"forced\""#);
    lines[3] = lines[3].replace(",\"salt\":", ",\"leaf\":");
    lines[4] = lines[4].replace("\"email\":", "\"email\":\"x\",\"email\":");
    let start = lines[5].find(",\"body\"").unwrap();
    lines[5] = format!("{}}}\n", &lines[5][..start]);
    let found = Bundle::new(&whole, &lines).findings();
    for (found, text) in found.iter().zip([
        "line 1: the line is not",
        "line 2 (index 1): the salt is not",
        "line 3 (index 2): the leaf is not",
        "line 4: the line is not",
        "line 5 (index 4): the body has a name twice",
        "line 6 (index 5): of salt and body there is only one",
    ]) {
        assert!(found.contains(text), "{found} / {text}");
    }
    assert_eq!(found.len(), 6, "{found:?}");
}

#[test]
fn findings_are_counted_beyond_those_listed() {
    let whole = events(50);
    let lines: Vec<_> =
        lines(&whole).iter().map(|line| line.replace("/reports", "/report")).collect();
    let report = Bundle::new(&whole, &lines).audit();
    assert_eq!((report.findings.len(), report.more), (20, 30));
}

#[test]
fn a_bundle_without_its_files_says_which() {
    let bundle = Bundle::sound(2);
    bundle.write(KEYS, "{}");
    assert!(bundle.findings()[0].starts_with("keys.json: the list of keys cannot be used: "));
    assert!(bundle.findings()[1].contains("signed by none"));
    fs::remove_file(bundle.path().join(KEYS)).unwrap();
    assert!(bundle.findings()[0].contains("cannot be read"));
    let key = key(1).vkey();
    let known = Known { key: Some(&key), ..Known::default() };
    assert!(audit(bundle.path(), known).unwrap().key.is_some());

    fs::remove_file(bundle.path().join(EVENTS)).unwrap();
    let error = audit(bundle.path(), Known::default()).unwrap_err();
    assert!(matches!(error, AuditError::Read(EVENTS, _)));
    bundle.write(CHECKPOINT, "unsigned");
    let error = audit(bundle.path(), Known::default()).unwrap_err();
    assert!(matches!(error, AuditError::Checkpoint(_)));
    fs::remove_file(bundle.path().join(CHECKPOINT)).unwrap();
    fs::create_dir(bundle.path().join(CHECKPOINT)).unwrap();
    let error = audit(bundle.path(), Known::default()).unwrap_err();
    assert!(matches!(error, AuditError::Read(CHECKPOINT, _)));
}
