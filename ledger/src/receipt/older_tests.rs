//! Receipts that were given out before all of one was computed from what it proves.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::sample_tests::{EVENT, PERSON, Sample, WORDS, key, resigned};
use super::{Compared, ReceiptError as E, TYPE, Verified, verify};

/// Of the older form: of a leaf of either version.
fn older(version: u8) -> Value {
    let sample = if version == 1 { Sample::of_version_1() } else { without_site() };
    let (_, newer) = sample.receipt();
    let ledger = &newer["ledger"];
    let mut payload = json!({
        "@context": { "dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#" },
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": EVENT,
        "dct:issued": "2026-11-24T00:00:00.000000Z",
        "dpv:hasRecordOfActivity": {
            "@type": "dpv:ConsentRecord",
            "dct:identifier": EVENT,
            "dpv:hasConsentStatus": {
                "@type": ["dpv:ConsentGiven", "dpv:ExpressedConsent"],
                "dpv:isIndicatedAtTime": sample.body["at"],
            },
            "dpv:hasDataController": { "dpv:hasName": "Civic Press" },
            "dpv:hasDataSubject": { "dct:identifier": PERSON },
            "dpv:hasNotice": [{ "dct:description": WORDS }, { "schema:version": "2026-11" }],
            "dpv:hasProcess": { "dpv:hasPurpose": { "dct:identifier": "newsletter:weekly" } },
        },
        "ledger": {},
    });
    let members =
        ["body", "checkpoint", "index", "inclusion_proof", "leaf", "root", "salt", "tree_size"];
    for name in members {
        payload["ledger"][name] = ledger[name].clone();
    }
    if let Some(context) = ledger.get("context") {
        payload["ledger"]["context"] = context.clone();
    }
    payload
}

/// An event of a program that did not note the site of the day.
fn without_site() -> Sample {
    let mut sample = Sample::given();
    sample.context.as_mut().and_then(Value::as_object_mut).unwrap().remove("site");
    sample.named()
}

/// Signed as it was then.
fn signed(payload: &Value) -> String {
    let header =
        json!({ "alg": "EdDSA", "cty": "ld+json", "kid": key(1).vkey().to_string(), "typ": TYPE });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&header), encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key(1).sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[test]
fn they_are_read_and_said_to_be_compared_in_part() {
    for version in [1, 2] {
        let Verified { payload, head, compared } =
            verify(&signed(&older(version)), &[key(1).vkey()]).unwrap();
        assert_eq!((payload, compared), (older(version), Compared::InPart));
        assert_eq!(head.checkpoint().size, 2);
    }
    assert!(verify(&signed(&older(2)), &[key(2).vkey()]).is_err());
}

#[test]
fn what_they_commit_to_is_compared() {
    let record = "/dpv:hasRecordOfActivity";
    let refused = |path: &str, to: Value| {
        let mut payload = older(2);
        *payload.pointer_mut(path).unwrap() = to;
        verify(&signed(&payload), &[key(1).vkey()]).unwrap_err()
    };
    let words = format!("{record}/dpv:hasNotice/0/dct:description");
    assert!(matches!(refused("/ledger", json!({})), E::Payload(_)));
    assert!(matches!(refused("/ledger/body/email", json!("eve@x.org")), E::Commitment));
    assert!(matches!(refused("/ledger/context", json!({})), E::Context));
    assert!(matches!(refused("/ledger/context/purpose", json!("newsletter:daily")), E::Context));
    assert!(matches!(refused("/ledger/index", json!(0)), E::Inclusion));
    assert!(matches!(refused("/ledger/checkpoint", json!("none")), E::Checkpoint(_)));
    assert!(matches!(refused(&words, json!("I agree to more.")), E::Document("notice")));
    assert!(matches!(refused(&words, json!(1)), E::Context));
    for (path, to) in [
        ("/dct:identifier".to_owned(), json!("another")),
        (format!("{record}/dct:identifier"), json!("another")),
        (format!("{record}/dpv:hasConsentStatus/@type/0"), json!("dpv:ConsentWithdrawn")),
        (
            format!("{record}/dpv:hasConsentStatus/dpv:isIndicatedAtTime"),
            json!("2020-01-01T00:00:00Z"),
        ),
        (
            format!("{record}/dpv:hasProcess/dpv:hasPurpose/dct:identifier"),
            json!("newsletter:daily"),
        ),
    ] {
        assert!(matches!(refused(&path, to), E::Record), "{path}");
    }
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
