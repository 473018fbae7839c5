//! Every way to falsify a receipt that we could think of, by whoever holds the key.

use serde_json::{Value, json};

use super::ledger_member::LedgerMember;
use super::sample_tests::{FORM, POLICY, Sample, key, resigned, signed_text};
use super::{Documents, ReceiptError as E, payload, verify};
use crate::digest::sha256_hex;
use crate::leaf::canonical;
use crate::note::{Checkpoint, KeyName, SignedNote, SigningKey, encode_hash};

const RECORD: &str = "/dpv:hasRecordOfActivity";

/// What is said of the receipt once a member has another value.
fn refused(path: &str, to: Value) -> E {
    let (_, mut payload) = Sample::given().receipt();
    *payload.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = to;
    verify(&resigned(&payload), &[key(1).vkey()]).unwrap_err()
}

/// The same once the receipt was changed in any way.
fn refused_after(change: impl FnOnce(&mut Value)) -> E {
    let (_, mut payload) = Sample::given().receipt();
    change(&mut payload);
    verify(&resigned(&payload), &[key(1).vkey()]).unwrap_err()
}

fn path_of(error: &E) -> &str {
    match error {
        E::Differs(difference) => difference.path(),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_read_follows_from_what_is_proved() {
    let status = format!("{RECORD}/dpv:hasConsentStatus");
    let notice = format!("{RECORD}/dpv:hasNotice");
    let controller = format!("{RECORD}/dpv:hasDataController");
    let process = format!("{RECORD}/dpv:hasProcess");
    let hash = json!(sha256_hex(b"another"));
    for (path, to) in [
        (format!("{RECORD}/dpv:hasDataSubject/schema:email"), json!("eve@x.org")),
        (format!("{RECORD}/dpv:hasDataSubject/dct:identifier"), json!("another")),
        (format!("{notice}/1/schema:version"), json!("2027-01")),
        (format!("{notice}/1/@id"), json!("https://reports.example/policies/privacy/2027-01")),
        (format!("{notice}/1/dct:hasFormat/schema:sha256"), hash.clone()),
        (format!("{notice}/0/schema:sha256"), hash.clone()),
        (format!("{notice}/0/dct:description"), json!("I agree to more.")),
        (format!("{notice}/0/dct:language"), json!("fr")),
        (format!("{controller}/dpv:hasName"), json!("Another Press")),
        (format!("{controller}/dpv:hasAddress"), json!("2 High St")),
        (format!("{controller}/dpv:hasContact"), json!("dpo@another.example")),
        (format!("{controller}/dpv:hasIdentifier"), json!("CRO 1")),
        (format!("{status}/dpv:hasIndicationMethod"), json!("entered by the publisher's staff")),
        (format!("{status}/dct:source"), json!("/reports/flowers")),
        (format!("{status}/dpv:isIndicatedAtTime"), json!("2020-01-01T00:00:00.000000Z")),
        (format!("{status}/@type/0"), json!("dpv:ConsentWithdrawn")),
        (format!("{status}/dpv:isIndicatedBy"), json!("https://reports.example/#controller")),
        (format!("{process}/dpv:hasPurpose/dct:identifier"), json!("newsletter:daily")),
        (format!("{process}/dpv:hasNecessity"), json!("dpv:Required")),
        (format!("{process}/dpv:hasPersonalData"), json!(["pd:EmailAddress"])),
        (format!("{process}/dpv:hasRecipient"), json!({ "@id": "https://x.example/" })),
        (format!("{process}/dpv:hasStorageCondition/0/dpv:hasLocation"), json!(["loc:US"])),
        (format!("{RECORD}/dpv:hasJurisdiction"), json!(["loc:US"])),
        (format!("{RECORD}/dpv:hasLegalBasis"), json!(["eu-gdpr:A6-1-f"])),
        (format!("{RECORD}/dpv:hasConsentControl/dpv:isExercisedAt"), json!("https://x.example/")),
        (format!("{RECORD}/dct:created"), json!("2020-01-01T00:00:00.000000Z")),
        (format!("{RECORD}/dct:references/schema:sha256"), hash),
        ("/dct:created".into(), json!("2020-01-01T00:00:00.000000Z")),
        ("/dct:identifier".into(), json!("another")),
        ("/@context/dpv".into(), json!("https://x.example/dpv#")),
        ("/@context/ledger".into(), json!(null)),
    ] {
        let error = refused(&path, to);
        let said = error.to_string();
        // Of a list, the entry that differs; of a place that became a text, the place.
        let found = path_of(&error);
        assert!(found.starts_with(&path) || path.starts_with(found), "{path}: {said}");
        assert!(said.starts_with("at /") && said.ends_with("what it proves"), "{said}");
    }
}

#[test]
fn nothing_may_be_added_or_left_out() {
    let record = |payload: &mut Value, change: &dyn Fn(&mut Value)| {
        change(payload.pointer_mut(RECORD).unwrap());
    };
    let second = |payload: &mut Value| {
        record(payload, &|record| {
            let status = record["dpv:hasConsentStatus"].clone();
            let withdrawn = json!({ "@type": "dpv:ConsentWithdrawn" });
            record["dpv:hasConsentStatus"] = json!([status, withdrawn]);
        });
    };
    let status = "/dpv:hasRecordOfActivity/dpv:hasConsentStatus";
    assert_eq!(path_of(&refused_after(second)), status);
    let third = refused_after(|payload| {
        record(payload, &|record| {
            record["dpv:hasNotice"].as_array_mut().unwrap().push(json!({ "@id": "urn:x" }));
        });
    });
    assert_eq!(path_of(&third), "/dpv:hasRecordOfActivity/dpv:hasNotice/2");
    for name in ["schema:name", "ledger2", "\u{1b}[31m"] {
        let error = refused_after(|payload| payload[name] = json!("x"));
        assert!(error.to_string().contains("says more"), "{error}");
    }
    for name in ["dct:relation", "dct:references", "dpv:hasRight", "dpv:hasJurisdiction"] {
        let error = refused_after(|payload| {
            record(payload, &|record| drop(record.as_object_mut().unwrap().remove(name)));
        });
        assert_eq!(path_of(&error), format!("{RECORD}/{name}"));
        assert!(error.to_string().contains("leaves out"), "{error}");
    }
    assert!(matches!(refused_after(|payload| payload["ledger"]["note"] = json!(1)), E::Payload(_)));
    let empty = refused_after(|payload| payload["ledger"]["documents"]["form"] = json!(null));
    assert!(matches!(empty, E::Document("form")));
}

#[test]
fn what_an_erasure_left_out_is_not_put_back() {
    let (_, mut payload) = Sample::erased().receipt();
    payload["ledger"]["context"] = json!(null);
    let error = verify(&resigned(&payload), &[key(1).vkey()]).unwrap_err();
    assert_eq!(path_of(&error), "/ledger/context");
    payload["ledger"]["context"] = Sample::given().context.unwrap();
    let error = verify(&resigned(&payload), &[key(1).vkey()]).unwrap_err();
    assert!(matches!(error, E::Context));
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let (_, payload) = Sample::given().receipt();
    let text = canonical(&payload).unwrap();
    let keys = [key(1).vkey()];
    assert!(verify(&signed_text(&text), &keys).is_ok());
    let name = r#""dct:audience":"#;
    let twice = text.replacen(name, &format!(r#"{name}"dpv:Child",{name}"#), 1);
    for other in [twice, text.replacen(name, &format!(" {name}"), 1), format!("{text}\n")] {
        assert!(matches!(verify(&signed_text(&other), &keys), Err(E::Spelling)));
    }
}

#[test]
fn body_context_and_documents_are_those_that_were_committed_to() {
    let hash = |text: &str| json!(sha256_hex(text.as_bytes()));
    assert!(matches!(refused("/ledger", json!({ "schema": 2 })), E::Payload(_)));
    for schema in [json!(4), json!(1), json!("2"), json!(2.5), json!([])] {
        assert!(matches!(refused("/ledger/schema", schema), E::Schema));
    }
    assert!(matches!(refused("/ledger/body/email", json!("eve@x.org")), E::Commitment));
    assert!(matches!(refused("/ledger/body/context", json!("../keys")), E::Commitment));
    assert!(matches!(refused("/ledger/salt", json!("CAgI")), E::Commitment));
    assert!(matches!(refused("/ledger/leaf", json!("{}")), E::Leaf));
    for (path, to) in [
        ("/ledger/context", json!({})),
        ("/ledger/context", json!(null)),
        ("/ledger/context/controller/name", json!("Another Press")),
        ("/ledger/context/notice/sha256", hash("I agree to more.")),
        ("/ledger/context/form", hash("another form")),
    ] {
        assert!(matches!(refused(path, to), E::Context), "{path}");
    }
    for (name, text) in [
        ("notice", "I agree to more."),
        ("policy", "# Privacy\n\nWe sell it.\n"),
        ("form", "<form>checked</form>"),
    ] {
        let error = refused(&format!("/ledger/documents/{name}"), json!(text));
        assert!(matches!(error, E::Document(which) if which == name), "{name}");
    }
    for documents in [
        Documents { form: None, notice: Some("x"), policy: Some(POLICY) },
        Documents { policy: None, ..Sample::given().documents },
        Documents { form: None, ..Sample::given().documents },
    ] {
        let payload = Sample { documents, ..Sample::given() }.payload();
        assert!(matches!(verify(&resigned(&payload), &[key(1).vkey()]), Err(E::Document(_))));
    }
    // A form that nobody named says nothing, and so it may not be there.
    let documents = Documents { form: Some(FORM), ..Sample::imported().documents };
    let payload = Sample { documents, ..Sample::imported() }.payload();
    assert!(matches!(verify(&resigned(&payload), &[key(1).vkey()]), Err(E::Document("form"))));
}

#[test]
fn a_leaf_of_version_2_has_a_context() {
    let sample = Sample { version: 2, ..Sample::of_version_1() };
    assert!(matches!(verify(&resigned(&sample.payload()), &[key(1).vkey()]), Err(E::Context)));
}

#[test]
fn the_proof_leads_from_the_leaf_to_a_checkpoint_of_ours() {
    let other = json!(encode_hash(&[9; 32]));
    let forged = Checkpoint { origin: "example.org/ledger".into(), size: 2, root: [9; 32] };
    for (path, to) in [
        ("/ledger/index", json!(0)),
        ("/ledger/tree_size", json!(3)),
        ("/ledger/root", other.clone()),
        ("/ledger/inclusion_proof", json!([])),
        ("/ledger/inclusion_proof/0", other),
        ("/ledger/checkpoint", json!(forged.sign(&[key(1)]))),
    ] {
        assert!(matches!(refused(path, to), E::Inclusion), "{path}");
    }
    assert!(matches!(refused("/ledger/checkpoint", json!("none")), E::Checkpoint(_)));
    let theirs = json!(forged.sign(&[key(2)]));
    assert!(matches!(refused("/ledger/checkpoint", theirs), E::CheckpointSignature));
}

#[test]
fn a_head_is_of_the_ledger_whose_key_signed_it() {
    let shadow = SigningKey::new(KeyName::parse("example.org/shadow").unwrap(), [3; 32]);
    let (_, payload) = Sample::given().receipt();
    let note = SignedNote::parse(payload["ledger"]["checkpoint"].as_str().unwrap()).unwrap();
    let head = Checkpoint { origin: "example.org/shadow".into(), ..note.checkpoint().clone() };
    let keys = [key(1).vkey(), shadow.vkey()];
    let verified = |signers: &[SigningKey]| {
        let mut payload = payload.clone();
        payload["ledger"]["checkpoint"] = head.sign(signers).into();
        verify(&resigned(&payload), &keys)
    };
    let told = verified(&[key(1)]);
    assert!(matches!(&told, Err(E::OtherLedger(of)) if of == "example.org/shadow"), "{told:?}");
    verified(std::slice::from_ref(&shadow)).unwrap();
    verified(&[key(1), shadow.clone()]).unwrap();
}

/// Signed by whom it should be, and all that is for reading follows from it.
#[test]
fn moments_ids_and_the_address_have_their_forms() {
    let (_, said) = Sample::given().receipt();
    for (place, values) in [
        ("issued.at", ["yesterday, sealed by the regulator", ""]),
        ("issued.id", ["0f9c2a4e7d1b4c559a3e5f6a7b8c9d0e", "first"]),
        ("issued.site", ["javascript:alert(1)", "https://"]),
    ] {
        for value in values {
            let mut ledger = said["ledger"].clone();
            ledger["issued"][place.trim_start_matches("issued.")] = value.into();
            let ledger = LedgerMember::read(&ledger).unwrap().unwrap();
            let told = verify(&resigned(&payload(&ledger).unwrap()), &[key(1).vkey()]);
            assert!(matches!(told, Err(E::Form(named)) if named == place), "{value}: {told:?}");
        }
    }
    for (name, value) in [("at", "last spring"), ("event_id", "the third")] {
        let mut sample = Sample::given();
        sample.body[name] = value.into();
        let told = verify(&sample.receipt().0, &[key(1).vkey()]);
        let place = format!("body.{name}");
        assert!(matches!(told, Err(E::Form(named)) if named == place), "{value}: {told:?}");
    }
}
