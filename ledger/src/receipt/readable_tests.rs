//! What a receipt says of each event, and how it is checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample_tests::{EVENT, PERSON, POLICY, RECEIPT, Sample, WORDS, key, resigned};
use super::{Compared, LedgerMember, ReceiptError as E, TYPE, payload, verify};
use crate::digest::sha256_hex;
use crate::jws::{JwsError, LIMIT};

const RECORD: &str = "/dpv:hasRecordOfActivity";

fn at<'a>(payload: &'a Value, path: &str) -> &'a Value {
    payload.pointer(&format!("{RECORD}{path}")).unwrap_or(&Value::Null)
}

#[test]
fn a_receipt_says_what_was_agreed_and_proves_it() {
    let (jws, payload) = Sample::given().receipt();
    let verified = verify(&jws, &[key(2).vkey(), key(1).vkey()]).unwrap();
    assert_eq!((&verified.payload, verified.compared), (&payload, Compared::Whole));
    assert_eq!(verified.head.checkpoint().size, 2);
    assert_eq!(payload["@id"], format!("urn:uuid:{RECEIPT}"));
    assert_eq!(payload["dpv:hasIdentifier"], RECEIPT);
    assert_eq!(payload["dct:created"], "2026-11-26T00:00:00.000000Z");
    let site = "https://reports.example";
    for (path, is) in [
        ("/@id", json!(format!("urn:uuid:{EVENT}"))),
        ("/dpv:hasIdentifier", json!(EVENT)),
        ("/dpv:hasApplicableLaw", json!("eu:law-GDPR")),
        ("/dpv:hasConsentControl/dpv:isExercisedAt", json!(format!("{site}/preferences"))),
        ("/dpv:hasConsentStatus/@type", json!(["dpv:ConsentGiven", "dpv:ExpressedConsent"])),
        ("/dpv:hasConsentStatus/dpv:isIndicatedAtTime", json!("2026-11-23T09:05:00.000000Z")),
        (
            "/dpv:hasConsentStatus/schema:instrument/schema:identifier",
            json!("<0193@reports.example>"),
        ),
        ("/dpv:hasDataController/dpv:hasIdentifier", json!("CRO 123456")),
        ("/dpv:hasDataController/dpv:hasName", json!("Civic Press")),
        ("/dpv:hasDataController/schema:contactPoint/schema:email", json!("dpo@press.example")),
        ("/dpv:hasDataSubject/@id", json!(format!("urn:uuid:{PERSON}"))),
        ("/dpv:hasDataSubject/schema:email", json!("ada@example.org")),
        ("/dpv:hasJurisdiction", json!(["loc:IE"])),
        ("/dpv:hasNotice/0/dct:description", json!(WORDS)),
        ("/dpv:hasNotice/0/dct:language", json!("en-GB")),
        ("/dpv:hasNotice/1/@id", json!(format!("{site}/policies/privacy/2026-11"))),
        (
            "/dpv:hasNotice/1/dct:hasFormat/@id",
            json!(format!("{site}/policies/privacy/2026-11.md")),
        ),
        ("/dpv:hasNotice/1/dct:hasFormat/schema:sha256", json!(sha256_hex(POLICY.as_bytes()))),
        ("/dpv:hasNotice/1/dct:language", json!("en-GB")),
        ("/dpv:hasProcess/dpv:hasNecessity", json!("dpv:Optional")),
        (
            "/dpv:hasProcess/dpv:hasPersonalData",
            json!(["pd:EmailAddress", "pd:Job", "pd:Name", "pd:CurrentEmployment"]),
        ),
        ("/dpv:hasProcess/dpv:hasPurpose/@id", json!(format!("{site}/purposes/newsletter:weekly"))),
        ("/dpv:hasProcess/dpv:hasService/dct:identifier", json!("trees")),
        ("/dpv:hasProcess/dpv:hasStorageCondition/0/dpv:hasLocation", json!(["loc:IE", "loc:DE"])),
        (
            "/dpv:hasProcess/dpv:hasStorageCondition/1/dpv:hasDuration/rdf:value",
            json!({ "@type": "xsd:duration", "@value": "P3Y" }),
        ),
        ("/dct:relation/0/@type", json!("dpv:ConsentRefused")),
        ("/dct:relation/0/dpv:hasPurpose/dct:identifier", json!("newsletter:monthly")),
        ("/dct:references/schema:sha256", Sample::given().context.unwrap()["form"].clone()),
    ] {
        assert_eq!(*at(&payload, path), is, "{path}");
    }
    let how = at(&payload, "/dpv:hasConsentStatus/dpv:hasIndicationMethod").as_str().unwrap();
    assert!(how.contains("a form") && how.contains("the code in a mail"), "{how}");
}

#[test]
fn every_event_has_its_receipt() {
    for (name, sample) in Sample::all() {
        let (jws, payload) = sample.receipt();
        let verified = verify(&jws, &[key(1).vkey()]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((verified.payload, verified.compared), (payload.clone(), Compared::Whole));
        let text = payload.to_string();
        assert!(!text.contains("null"), "{name}: {text}");
        let (status, by) = match name {
            "requested" => ("dpv:ConsentRequested", "dpv:DataSubject"),
            "renewed" => ("dpv:RenewedConsentGiven", "dpv:DataSubject"),
            "withdrawn" => ("dpv:ConsentWithdrawn", "dpv:DataSubject"),
            "expired" => ("dpv:ConsentExpired", "https://reports.example/#controller"),
            "erased" => ("dpv:ConsentStatusInvalidForProcessing", "dpv:DataSubject"),
            _ => ("dpv:ConsentGiven", "dpv:DataSubject"),
        };
        assert_eq!(at(&payload, "/dpv:hasConsentStatus/@type/0"), status, "{name}");
        assert_eq!(at(&payload, "/dpv:hasConsentStatus/dpv:isIndicatedBy"), by, "{name}");
    }
}

#[test]
fn who_asked_is_named_by_the_address_until_it_is_confirmed() {
    let (_, payload) = Sample::requested().receipt();
    let subject = at(&payload, "/dpv:hasDataSubject");
    assert_eq!(subject["dct:identifier"], "ada@example.org");
    assert_eq!(subject.get("@id"), None);
}

#[test]
fn an_import_is_dated_as_it_was_stated_and_leads_to_the_policy_for_what_is_not_set() {
    let (_, payload) = Sample::imported().receipt();
    let status = at(&payload, "/dpv:hasConsentStatus");
    assert_eq!(status["dpv:isIndicatedAtTime"], "2019-05-04T00:00:00.000000Z");
    assert_eq!(status["dct:description"], "On paper, at the fair of 2019");
    assert_eq!(*at(&payload, "/dct:created"), "2026-11-23T09:05:00.000000Z");
    assert_eq!(*at(&payload, "/dpv:hasProcess/dpv:hasPersonalData"), json!(["pd:EmailAddress"]));
    let policy = json!({ "@id": "https://reports.example/policies/privacy/2026-11" });
    for path in [
        "/dpv:hasJurisdiction",
        "/dpv:hasProcess/dpv:hasRecipient",
        "/dpv:hasProcess/dpv:hasStorageCondition/0",
        "/dpv:hasProcess/dpv:hasStorageCondition/1",
    ] {
        assert_eq!(at(&payload, path)["dct:source"], policy, "{path}");
    }
    let id = "https://reports.example/#controller";
    assert_eq!(*at(&payload, "/dpv:hasDataController/dpv:hasIdentifier"), id);
    // Who brings that somebody left says so of the day it was brought.
    let mut left = Sample::imported();
    left.event_type = crate::event_type::EventType::Withdrawn;
    let (_, payload) = left.receipt();
    let status = at(&payload, "/dpv:hasConsentStatus");
    assert_eq!(status["dpv:isIndicatedAtTime"], "2026-11-23T09:05:00.000000Z");
}

#[test]
fn an_erasure_says_nothing_of_what_is_gone() {
    let (_, payload) = Sample::erased().receipt();
    for path in [
        "/dpv:hasNotice",
        "/dpv:hasJurisdiction",
        "/dpv:hasDataController/dpv:hasName",
        "/dpv:hasDataSubject/schema:email",
        "/dpv:hasProcess/dpv:hasPersonalData",
        "/dpv:hasProcess/dpv:hasStorageCondition",
    ] {
        assert_eq!(at(&payload, path), &Value::Null, "{path}");
    }
    assert_eq!(at(&payload, "/dpv:hasDataSubject/@id"), &json!(format!("urn:uuid:{PERSON}")));
    let mut by_staff = Sample::erased();
    by_staff.body["method"] = "staff".into();
    let (_, payload) = by_staff.receipt();
    let by = at(&payload, "/dpv:hasConsentStatus/dpv:isIndicatedBy");
    assert_eq!(by, "https://reports.example/#controller");
}

#[test]
fn an_older_event_that_names_no_controller_leads_to_the_policy() {
    let (_, payload) = Sample::of_version_1().receipt();
    let controller = at(&payload, "/dpv:hasDataController");
    assert_eq!(controller.get("dpv:hasName"), None);
    let policy = "https://reports.example/policies/privacy/2026-11";
    assert_eq!(controller["dct:source"]["@id"], policy);
    assert_eq!(at(&payload, "/dpv:hasNotice/0/dct:description"), WORDS);
}

#[test]
fn what_an_operator_sets_is_a_sentence_or_a_code() {
    let mut sample = Sample::given();
    sample.context.as_mut().unwrap()["processing"] = json!({
        "jurisdiction": "Where the reader lives",
        "recipients": [],
        "retention": "Until you take it back",
        "storage": "In our own rooms",
    });
    sample.context.as_mut().unwrap()["controller"]["contact"] = "By telephone, 01 234".into();
    let (jws, payload) = sample.named().receipt();
    assert!(verify(&jws, &[key(1).vkey()]).is_ok());
    let storage = at(&payload, "/dpv:hasProcess/dpv:hasStorageCondition");
    let place = json!({ "@type": "dpv:Location", "dct:description": "In our own rooms" });
    let time = json!({ "@type": "dpv:Duration", "rdf:value": "Until you take it back" });
    assert_eq!(storage[0]["dpv:hasLocation"], place);
    assert_eq!(storage[1]["dpv:hasDuration"], time);
    assert_eq!(at(&payload, "/dpv:hasJurisdiction")["dct:description"], "Where the reader lives");
    let nobody_else = json!({ "@id": "https://reports.example/#controller" });
    assert_eq!(at(&payload, "/dpv:hasProcess/dpv:hasRecipient"), &nobody_else);
    let contact = at(&payload, "/dpv:hasDataController/schema:contactPoint");
    assert_eq!(contact["schema:description"], "By telephone, 01 234");
}

#[test]
fn a_receipt_is_no_note_and_no_other_jws() {
    let (jws, _) = Sample::given().receipt();
    let keys = [key(1).vkey()];
    assert!(matches!(verify(&jws, &[key(2).vkey()]), Err(E::Signature(JwsError::UnknownKey))));
    assert!(matches!(verify(&jws, &[]), Err(E::Signature(JwsError::UnknownKey))));
    let (_, rest) = jws.split_once('.').unwrap();
    let kid = key(1).vkey().to_string();
    for header in [
        json!({ "alg": "none", "kid": kid, "typ": TYPE }),
        json!({ "alg": "Ed448", "kid": kid, "typ": TYPE }),
        json!({ "alg": "Ed25519", "kid": kid, "typ": "JWT" }),
        json!({ "alg": "Ed25519", "kid": kid }),
        json!({ "alg": "EdDSA", "crit": ["b64"], "b64": false, "kid": kid, "typ": TYPE }),
    ] {
        let jws = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert!(matches!(verify(&jws, &keys), Err(E::Signature(JwsError::Header))));
    }
    for text in ["", "a.b", "a.b.c.d", "..", "\u{e9}.b.c"] {
        assert!(matches!(verify(text, &keys), Err(E::Signature(_))), "{text}");
    }
}

#[test]
fn a_receipt_is_as_long_as_its_documents_up_to_a_limit() {
    let of = |length: usize| {
        let policy: &'static str = "x".repeat(length).leak();
        let mut sample = Sample::given();
        sample.documents.policy = Some(policy);
        sample.context.as_mut().unwrap()["policy"]["sha256"] = sha256_hex(policy.as_bytes()).into();
        verify(&sample.named().receipt().0, &[key(1).vkey()])
    };
    assert_eq!(of(1024 * 1024).unwrap().compared, Compared::Whole);
    assert!(matches!(of(LIMIT), Err(E::Signature(JwsError::TooLong))));
}

#[test]
fn it_is_signed_under_the_algorithm_s_own_name() {
    let (jws, _) = Sample::given().receipt();
    let header = URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let kid = key(1).vkey().to_string();
    assert_eq!(header, json!({ "alg": "Ed25519", "cty": "ld+json", "kid": kid, "typ": TYPE }));
}

#[test]
fn a_leaf_that_is_of_no_event_has_no_receipt() {
    Sample::given().with_facts(|facts| {
        let facts = super::ReceiptFacts { leaf: r#"{"c":"AA","t":"given","v":2}"#, ..*facts };
        assert!(matches!(payload(&LedgerMember::from(&facts)), Err(E::Leaf)));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_changed_character_is_refused(at: proptest::sample::Index, to in "[A-Za-z0-9_.-]") {
        let (mut jws, _) = Sample::given().receipt();
        let at = at.index(jws.len());
        prop_assume!(jws[at..=at] != to);
        jws.replace_range(at..=at, &to);
        prop_assert!(verify(&jws, &[key(1).vkey()]).is_err());
    }

    #[test]
    fn no_text_panics(text: String) {
        prop_assert!(verify(&text, &[key(1).vkey()]).is_err());
    }

    /// Whatever a body and a context hold that the holder of the key commits to.
    #[test]
    fn no_event_panics(body in any_json(), context in any_json()) {
        let mut sample = Sample::given();
        sample.body = json!({ "context": null, "data": body, "confirmed": body, "at": body });
        sample.context = Some(json!({ "notice": context, "policy": context, "processing": context,
                                      "controller": context, "purpose": body }));
        let mut payload = sample.named().payload();
        let _refused_or_not = verify(&resigned(&payload), &[key(1).vkey()]);
        // The same as one of the older form.
        for name in ["documents", "issued", "schema"] {
            payload["ledger"].as_object_mut().unwrap().remove(name);
        }
        let _refused_or_not = verify(&resigned(&payload), &[key(1).vkey()]);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("sha256")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = prop_oneof![
            Just("sha256".to_owned()),
            Just("label".to_owned()),
            Just("storage".to_owned()),
            Just("recipients".to_owned()),
            ".{0,4}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
