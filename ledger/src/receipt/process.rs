//! What is done with the data: for what, with which, where, how long, and who else gets it.

use serde_json::{Map, Value, json};

use super::told::{Told, members};
use super::vocabulary::{is_duration, personal_data, places};
use crate::event_type::EventType;

/// Of an erasure nothing but the purpose is known any more.
pub(super) fn process(told: Told<'_>) -> Map<String, Value> {
    let purpose = told.purpose(told.shown_text("purpose"));
    let known = told.event_type != EventType::Erased;
    members([
        ("@type", Some("dpv:Process".into())),
        ("dpv:hasDataSource", known.then(|| data_source(told))),
        ("dpv:hasNecessity", necessity(told)),
        ("dpv:hasPersonalData", known.then(|| data(told))),
        ("dpv:hasPurpose", Some(purpose)),
        ("dpv:hasRecipient", recipients(told)),
        ("dpv:hasService", service(told)),
        ("dpv:hasStorageCondition", storage(told)),
    ])
}

fn data_source(told: Told<'_>) -> Value {
    if told.shown_text("method") == "form" {
        return "dpv:DataSubjectDataSource".into();
    }
    json!({ "@type": "dpv:DataSource", "dct:description": told.shown_text("source") })
}

/// Whether what the form is for was to be had without this consent (GDPR Art. 7(4)).
fn necessity(told: Told<'_>) -> Option<Value> {
    let required = told.shown("required").as_bool()?;
    Some(if required { "dpv:Required" } else { "dpv:Optional" }.into())
}

/// The kinds of data given; the address alone, where the event names none.
fn data(told: Told<'_>) -> Value {
    let Some(kinds) = told.held.body["data"].as_array() else {
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
fn recipients(told: Told<'_>) -> Option<Value> {
    let Some(named) = told.shown("processing")["recipients"].as_array() else {
        return told.said_by_policy("dpv:Recipient");
    };
    if named.is_empty() {
        return Some(json!({ "@id": told.controller() }));
    }
    let recipient = |name: &Value| json!({ "@type": "dpv:Recipient", "dct:description": name });
    Some(named.iter().map(recipient).collect())
}

/// The report that was asked for with the same form.
fn service(told: Told<'_>) -> Option<Value> {
    let report = told.shown("report").as_str()?;
    Some(json!({
        "@id": told.address(&format!("/reports/{report}")),
        "@type": "dpv:Service",
        "dct:identifier": report,
    }))
}

/// Where the data is kept, and how long.
fn storage(told: Told<'_>) -> Option<Value> {
    let processing = told.shown("processing");
    let place = match processing["storage"].as_str() {
        Some(text) => {
            let place = places(text).map_or_else(
                || json!({ "@type": "dpv:Location", "dct:description": text }),
                Value::from,
            );
            json!({ "@type": "dpv:StorageLocation", "dpv:hasLocation": place })
        }
        None => told.said_by_policy("dpv:StorageLocation")?,
    };
    let time = match processing["retention"].as_str() {
        Some(text) => {
            json!({ "@type": "dpv:StorageDuration", "dpv:hasDuration": retention(text) })
        }
        None => told.said_by_policy("dpv:StorageDuration")?,
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
