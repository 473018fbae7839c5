//! The processing of a consent record (`dpv:hasProcess`): purpose, data, recipients, place and duration of storage.

use serde_json::{Map, Value, json};

use super::consent_record::{ConsentRecord, members};
use super::vocabulary::{is_duration, personal_data, places};
use crate::event_type::EventType;

/// The processing that the consent is for. An erasure's event names the purpose and nothing else of it.
pub(super) fn process(record: ConsentRecord<'_>) -> Map<String, Value> {
    let purpose = record.purpose(record.context_text("purpose"));
    let known = record.event_type != EventType::Erased;
    members([
        ("@type", Some("dpv:Process".into())),
        ("dpv:hasDataSource", known.then(|| data_source(record))),
        ("dpv:hasNecessity", necessity(record)),
        ("dpv:hasPersonalData", known.then(|| data(record))),
        ("dpv:hasPurpose", Some(purpose)),
        ("dpv:hasRecipient", recipients(record)),
        ("dpv:hasService", service(record)),
        ("dpv:hasStorageCondition", storage(record)),
    ])
}

fn data_source(record: ConsentRecord<'_>) -> Value {
    if record.context_text("method") == "form" || record.context("drawn_by").is_string() {
        return "dpv:DataSubjectDataSource".into();
    }
    json!({ "@type": "dpv:DataSource", "dct:description": record.context_text("source") })
}

/// Whether what the form is for was to be had without this consent (GDPR Art. 7(4)).
fn necessity(record: ConsentRecord<'_>) -> Option<Value> {
    let required = record.context("required").as_bool()?;
    Some(if required { "dpv:Required" } else { "dpv:Optional" }.into())
}

/// The kinds of data given; the address alone, where the event names none.
fn data(record: ConsentRecord<'_>) -> Value {
    let Some(kinds) = record.ledger.body["data"].as_array() else {
        return json!(["pd:EmailAddress"]);
    };
    let kinds = kinds.iter().filter_map(Value::as_str);
    let named = |kind: &str| match personal_data(kind) {
        Some(concept) => concept.into(),
        None => json!({ "@type": "dpv:PersonalData", "dct:identifier": kind }),
    };
    kinds.map(named).collect()
}

/// Who else gets the data: nobody but the controller, where the operator named nobody.
fn recipients(record: ConsentRecord<'_>) -> Option<Value> {
    let Some(named) = record.context("processing")["recipients"].as_array() else {
        return record.said_by_policy("dpv:Recipient");
    };
    if named.is_empty() {
        return Some(json!({ "@id": record.controller() }));
    }
    let recipient = |name: &Value| json!({ "@type": "dpv:Recipient", "dct:description": name });
    Some(named.iter().map(recipient).collect())
}

/// The report that was asked for with the same form.
fn service(record: ConsentRecord<'_>) -> Option<Value> {
    let report = record.context("report").as_str()?;
    Some(json!({
        "@id": record.address(&format!("/reports/{report}")),
        "@type": "dpv:Service",
        "dct:identifier": report,
    }))
}

/// Where the data is kept, and how long.
fn storage(record: ConsentRecord<'_>) -> Option<Value> {
    let processing = record.context("processing");
    let place = match processing["storage"].as_str() {
        Some(text) => {
            let place = places(text).map_or_else(
                || json!({ "@type": "dpv:Location", "dct:description": text }),
                Value::from,
            );
            json!({ "@type": "dpv:StorageLocation", "dpv:hasLocation": place })
        }
        None => record.said_by_policy("dpv:StorageLocation")?,
    };
    let time = match processing["retention"].as_str() {
        Some(text) => {
            json!({ "@type": "dpv:StorageDuration", "dpv:hasDuration": retention(text) })
        }
        None => record.said_by_policy("dpv:StorageDuration")?,
    };
    Some(json!([place, time]))
}

fn retention(text: &str) -> Value {
    if is_duration(text) {
        json!({
            "@type": "dpv:TemporalDuration",
            "rdf:value": { "@type": "xsd:duration", "@value": text },
        })
    } else {
        json!({ "@type": "dpv:Duration", "rdf:value": text })
    }
}
