//! Receipts of the older form, word for word as they were given out, and what whoever holds the key makes of them.

use serde_json::{Value, json};

use super::compared::{NAMED_CONTROLLER, UNNAMED_CONTROLLER};
use super::sample_tests::{EVENT, Sample, WORDS, key, resigned, signed_text};
use super::{Compared, ReceiptError as E, Verified, verify};
use crate::leaf::canonical;

const RECORD: &str = "/dpv:hasRecordOfActivity";
const GIVEN: &str = include_str!("older_samples/given.jws");
const ERASED: &str = include_str!("older_samples/erased.jws");
const VERSION_1: &str = include_str!("older_samples/version_1.jws");
const ALL: [&str; 5] = [
    GIVEN,
    ERASED,
    VERSION_1,
    include_str!("older_samples/requested.jws"),
    include_str!("older_samples/expired.jws"),
];

fn read(jws: &str) -> Verified {
    verify(jws.trim(), &[key(1).vkey()]).unwrap_or_else(|error| panic!("{error}"))
}

/// What is said of a receipt once it was changed and signed anew by whoever holds the key.
fn refused(jws: &str, change: impl FnOnce(&mut Value)) -> E {
    let mut payload = read(jws).payload;
    let before = payload.clone();
    change(&mut payload);
    assert_ne!(payload, before);
    verify(&resigned(&payload), &[key(1).vkey()]).unwrap_err()
}

/// Sets one member.
fn set(path: &str, to: Value) -> impl FnOnce(&mut Value) {
    move |payload| *payload.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = to
}

#[track_caller]
fn differs_at(error: &E, path: &str) {
    match error {
        E::Differs(difference) => assert!(difference.path().starts_with(path), "{path}: {error}"),
        other => panic!("{path}: {other}"),
    }
}

#[test]
fn they_are_read_and_what_is_not_compared_is_named() {
    for jws in ALL {
        let Verified { payload, head, compared } = read(jws);
        let named = payload["ledger"]["context"]["controller"].is_object();
        let left = if named { NAMED_CONTROLLER } else { UNNAMED_CONTROLLER };
        assert_eq!(compared, Compared::InPart(left));
        assert_eq!(head.checkpoint().size, 2);
        assert!(verify(&resigned(&payload), &[key(1).vkey()]).is_ok(), "as it is signed here");
        assert!(verify(jws.trim(), &[key(2).vkey()]).is_err());
    }
    let of = |jws| read(jws).compared;
    assert_eq!(of(GIVEN), Compared::InPart(NAMED_CONTROLLER));
    assert_eq!(of(ERASED), Compared::InPart(UNNAMED_CONTROLLER));
    assert_eq!(of(VERSION_1), Compared::InPart(UNNAMED_CONTROLLER));
}

#[test]
fn all_that_body_and_context_commit_to_is_compared() {
    let status = format!("{RECORD}/dpv:hasConsentStatus");
    let (notice, process) = (format!("{RECORD}/dpv:hasNotice"), format!("{RECORD}/dpv:hasProcess"));
    let places = [
        ("/dct:identifier".to_owned(), json!("another")),
        ("/dct:conformsTo".to_owned(), json!("urn:x")),
        ("/@context/dpv".to_owned(), json!("https://x.example/dpv#")),
        (format!("{RECORD}/dct:identifier"), json!("another")),
        (format!("{RECORD}/dpv:hasApplicableLaw"), json!("urn:x")),
        (format!("{RECORD}/dpv:hasLegalBasis"), json!("eu-gdpr:A6-1-f")),
        (format!("{RECORD}/dpv:hasDataSubject/dct:identifier"), json!("another")),
        (format!("{RECORD}/dpv:hasDataSubject/schema:email"), json!("eve@x.org")),
        (format!("{status}/@type/0"), json!("dpv:ConsentWithdrawn")),
        (format!("{status}/dpv:hasDuration/rdf:value"), json!("For ever")),
        (format!("{status}/dpv:hasIndicationMethod"), json!("staff")),
        (format!("{status}/dpv:isIndicatedAtTime"), json!("2020-01-01T00:00:00.000000Z")),
        (format!("{status}/dpv:isIndicatedBy"), json!("dpv:DataController")),
        (format!("{notice}/0/dct:language"), json!("fr")),
        (format!("{notice}/0/schema:sha256"), json!("0".repeat(64))),
        (format!("{notice}/1/@id"), json!("https://reports.example/policies/privacy/2027-01")),
        (format!("{notice}/1/schema:sha256"), json!("0".repeat(64))),
        (format!("{notice}/1/schema:version"), json!("2027-01")),
        (format!("{process}/dct:source"), json!("/reports/flowers")),
        (format!("{process}/dpv:hasDataSource"), json!("urn:x")),
        (format!("{process}/dpv:hasPersonalData"), json!("pd:Name")),
        (format!("{process}/dpv:hasPurpose/dct:identifier"), json!("newsletter:daily")),
        (format!("{RECORD}/dpv:hasRight/dpv:isExercisedAt"), json!("https://x.example/")),
    ];
    for (path, to) in &places {
        for jws in [GIVEN, VERSION_1] {
            differs_at(&refused(jws, set(path, to.clone())), path);
        }
    }
    // Of an event that names its controller, the controller of the day.
    for name in ["dpv:hasAddress", "dpv:hasContact", "dpv:hasName"] {
        let path = format!("{RECORD}/dpv:hasDataController/{name}");
        differs_at(&refused(GIVEN, set(&path, json!("Another Press"))), &path);
    }
    differs_at(&refused(GIVEN, set("/dct:publisher", json!("Another Press"))), "/dct:publisher");
    let words = format!("{notice}/0/dct:description");
    let error = refused(GIVEN, set(&words, json!("I agree to more.")));
    assert!(matches!(error, E::Document("notice")), "{error}");
    differs_at(&refused(VERSION_1, set(&words, json!("I agree to more."))), &words);
}

#[test]
fn what_is_said_of_an_erasure_is_what_its_event_says() {
    for (path, to) in [
        ("dpv:hasConsentStatus/@type/0", json!("dpv:ConsentGiven")),
        ("dpv:hasConsentStatus/dpv:isIndicatedAtTime", json!("2020-01-01T00:00:00.000000Z")),
        ("dpv:hasConsentStatus/dpv:hasIndicationMethod", json!("staff")),
        ("dpv:hasNotice/0/dct:description", json!(WORDS)),
        ("dpv:hasNotice/1/schema:version", json!("2026-11")),
        ("dpv:hasDataSubject/dct:identifier", json!("another")),
    ] {
        let path = format!("{RECORD}/{path}");
        let error = refused(ERASED, set(&path, to));
        assert!(matches!(error, E::Differs(_) | E::Document(_)), "{path}: {error}");
    }
    let error = refused(ERASED, |payload| {
        payload.pointer_mut(&format!("{RECORD}/dpv:hasDataSubject")).unwrap()["schema:email"] =
            json!("eve@x.org");
    });
    differs_at(&error, &format!("{RECORD}/dpv:hasDataSubject/schema:email"));
    // One that is given out now has the newer form, and is compared whole.
    let (jws, _) = Sample::erased().receipt();
    assert_eq!(verify(&jws, &[key(1).vkey()]).unwrap().compared, Compared::Whole);
}

#[test]
fn what_nothing_commits_to_agrees_with_itself() {
    let elsewhere = json!("https://x.example/preferences");
    let control = format!("{RECORD}/dpv:hasConsentControl/dpv:isExercisedAt");
    for path in [&control, &format!("{RECORD}/dpv:hasRight/dpv:isExercisedAt")] {
        assert!(matches!(refused(VERSION_1, set(path, elsewhere.clone())), E::Differs(_)));
    }
    let name = format!("{RECORD}/dpv:hasDataController/dpv:hasName");
    assert!(matches!(refused(VERSION_1, set(&name, json!("Another Press"))), E::Differs(_)));
    assert!(matches!(refused(VERSION_1, set("/dct:issued", json!(7))), E::Differs(_)));

    // Said throughout, it is on the signer's word: so much is named, and no more.
    let mut payload = read(VERSION_1).payload;
    for (path, to) in [(name.as_str(), "Another Press"), ("/dct:publisher", "Another Press")] {
        *payload.pointer_mut(path).unwrap() = to.into();
    }
    let compared = verify(&resigned(&payload), &[key(1).vkey()]).unwrap().compared;
    assert_eq!(compared, Compared::InPart(UNNAMED_CONTROLLER));
}

#[test]
fn nothing_is_added_left_out_or_said_twice() {
    let added: [(&str, &str); 5] = [
        ("", "schema:name"),
        (RECORD, "dpv:hasJurisdiction"),
        ("/dpv:hasRecordOfActivity/dpv:hasProcess", "dpv:hasRecipient"),
        ("/dpv:hasRecordOfActivity/dpv:hasDataController", "schema:address"),
        ("/@context", "loc"),
    ];
    for (path, name) in added {
        let error = refused(GIVEN, |payload| payload.pointer_mut(path).unwrap()[name] = json!("x"));
        differs_at(&error, &format!("{path}/{name}"));
    }
    for name in ["documents", "issued", "note"] {
        let error = refused(GIVEN, |payload| payload["ledger"][name] = json!({}));
        assert!(matches!(error, E::Payload(_)), "{name}: {error}");
    }
    let error = refused(ERASED, |payload| payload["ledger"]["context"] = json!(null));
    differs_at(&error, "/ledger/context");
    for name in ["dpv:hasRight", "dpv:hasLegalBasis", "dct:conformsTo"] {
        let error = refused(GIVEN, |payload| {
            payload.pointer_mut(RECORD).unwrap().as_object_mut().unwrap().remove(name);
        });
        differs_at(&error, &format!("{RECORD}/{name}"));
    }
    let text = canonical(&read(GIVEN).payload).unwrap();
    let name = r#""dct:publisher":"#;
    for other in [
        text.replacen(name, &format!(r#"{name}"Another Press",{name}"#), 1),
        text.replacen(name, &format!(" {name}"), 1),
        format!("{text}\n"),
    ] {
        let error = verify(&signed_text(&other), &[key(1).vkey()]).unwrap_err();
        assert!(matches!(error, E::Spelling), "{error}");
    }
}

#[test]
fn body_context_and_place_are_those_that_were_committed_to() {
    let given = |path, to| refused(GIVEN, set(path, to));
    assert!(matches!(given("/ledger", json!({})), E::Payload(_)));
    assert!(matches!(given("/ledger/body/email", json!("eve@x.org")), E::Commitment));
    assert!(matches!(given("/ledger/context", json!({})), E::Context));
    assert!(matches!(given("/ledger/context", json!(null)), E::Context));
    assert!(matches!(given("/ledger/context/purpose", json!("newsletter:daily")), E::Context));
    assert!(matches!(given("/ledger/index", json!(0)), E::Inclusion));
    assert!(matches!(given("/ledger/checkpoint", json!("none")), E::Checkpoint(_)));
    let context = Sample::given().context.unwrap();
    let error = refused(VERSION_1, |payload| payload["ledger"]["context"] = context);
    assert!(matches!(error, E::Context));
}

#[test]
fn a_receipt_is_not_cut_down_to_be_compared_less() {
    let (_, mut payload) = Sample::given().receipt();
    let ledger = payload["ledger"].as_object_mut().unwrap();
    for name in ["documents", "issued", "schema"] {
        ledger.remove(name);
    }
    payload["dct:identifier"] = EVENT.into();
    assert!(matches!(verify(&resigned(&payload), &[key(1).vkey()]), Err(E::CutDown)));
}
