//! A receipt is read as linked data by programs that do not know ours; and what they would lose or misread is seen.

use assent_ledger::receipt::verify;
use serde_json::{Value, json};

use crate::support::app::{Database, TestApp};
use crate::support::linked_data::faults;

const ADA: &str = "ada@b.example";
const RECORD: &str = "/dpv:hasRecordOfActivity";

/// What the receipt of a newsletter says.
async fn payload() -> Value {
    let app = TestApp::start(Database::Sqlite).await;
    app.subscribe(ADA, "&name=Ada&newsletter=weekly").await;
    app.seal().await;
    let page = app.mail_to(ADA)[1].link("/preferences/").replace(&app.base, "");
    let data = app.get(&format!("{page}/my-data.json")).await;
    let data: Value = serde_json::from_slice(&data.body).unwrap();
    let consents = data["consents"].as_array().unwrap();
    let weekly = consents.iter().find(|consent| consent["purpose"] == "newsletter:weekly").unwrap();
    let id = weekly["receipt_id"].as_str().unwrap();
    let jws = app.get(&format!("{page}/receipts/{id}.jws")).await.text();
    verify(&jws, &app.core.flow_settings.ledger_keys.trusted()).unwrap().payload
}

/// The receipt with one member of another value, or without it.
fn with(payload: &Value, path: &str, to: Option<Value>) -> Value {
    let mut changed = payload.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let members = changed.pointer_mut(parent).and_then(Value::as_object_mut).expect(path);
    match to {
        Some(to) => drop(members.insert(name.to_owned(), to)),
        None => drop(members.remove(name).expect(path)),
    }
    changed
}

#[tokio::test]
async fn what_linked_data_would_lose_is_seen() {
    let payload = payload().await;
    let record = |name: &str| format!("{RECORD}/{name}");
    let dpv = "https://w3id.org/dpv#ConsentTerminated";
    let broken = [
        ("/@context".to_owned(), Some(json!("https://w3id.org/dpv")), "@context is not inline"),
        (record("controller"), Some(json!("x")), "is dropped"),
        (record("dpv:hasRight"), Some(json!(null)), "is dropped"),
        (record("foo:bar"), Some(json!("x")), "no vocabulary that is known"),
        (record("dct:descripton"), Some(json!("x")), "no vocabulary that is known"),
        ("/@context/dpv:hasLegalBasis".into(), None, "a text where a concept belongs"),
        ("/@context/dct:created".into(), None, "no xsd:dateTime"),
        ("/dct:created".into(), Some(json!("yesterday")), "no xsd:dateTime"),
        (record("dpv:hasConsentStatus/@type"), Some(json!("dpv:ConsentTerminated")), dpv),
        (record("dpv:hasApplicableLaw"), Some(json!("eu-gdpr:GDPR")), "gdpr#GDPR is in no DPV"),
        (record("dpv:hasJurisdiction"), Some(json!(["loc:ZZ"])), "loc#ZZ is in no DPV"),
        (record("@id"), Some(payload["@id"].clone()), "an IRI of its own"),
        ("/dpv:hasIdentifier".into(), None, "lacks the receipt's identifier"),
        (record("dpv:hasProcess/dpv:hasRecipient"), None, "lacks the recipients"),
        (record("dpv:hasProcess/dpv:hasStorageCondition"), None, "lacks how long the data is kept"),
        (record("dpv:hasJurisdiction"), None, "lacks the jurisdiction"),
        (record("dpv:hasDataController/dpv:hasName"), None, "lacks the controller's name"),
        (record("dpv:hasConsentStatus/dpv:hasDuration"), None, "lacks the event's duration"),
        ("/ledger".into(), None, "lacks the member ledger"),
    ];
    let mut payloads = vec![payload.clone()];
    payloads.extend(broken.iter().map(|(path, to, _)| with(&payload, path, to.clone())));
    let said = faults(&payloads);
    assert_eq!(said[0], "");
    for ((path, _, says), said) in broken.iter().zip(&said[1..]) {
        assert!(said.contains(says), "{path}: {said}");
    }
}
