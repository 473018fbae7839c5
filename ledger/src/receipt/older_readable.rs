//! All members of a receipt of the older form but `ledger`, as they were written. Nothing new is ever written so.

use serde_json::{Map, Value, json};

use crate::event_type::EventType;

/// What a receipt of the older form says that nothing in it commits to.
#[derive(Clone, Copy)]
pub(super) struct OnWord<'a> {
    /// The controller's address.
    address: &'a str,
    /// The controller's contact for data protection.
    contact: &'a str,
    /// The controller's name.
    name: &'a str,
    /// When the receipt was made.
    issued: &'a str,
    /// The installation's address.
    site: &'a str,
}

impl<'a> OnWord<'a> {
    /// Taken from the receipt, but for a controller that the event names.
    pub(super) fn read(payload: &'a Value, evidence: &'a Value) -> Self {
        let record = &payload["dpv:hasRecordOfActivity"];
        let (controller, names) = match &evidence["controller"] {
            named @ Value::Object(_) => (named, ["address", "contact", "name"]),
            _ => (
                &record["dpv:hasDataController"],
                ["dpv:hasAddress", "dpv:hasContact", "dpv:hasName"],
            ),
        };
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        let [address, contact, name] = names.map(|name| text(&controller[name]));
        let withdrawal = text(&record["dpv:hasConsentControl"]["dpv:isExercisedAt"]);
        Self {
            address,
            contact,
            name,
            issued: text(&payload["dct:issued"]),
            site: withdrawal.strip_suffix("/preferences").unwrap_or_default(),
        }
    }
}

/// What the older form is computed from.
#[derive(Clone, Copy)]
pub(super) struct OlderRecord<'a> {
    pub(super) event_type: EventType,
    /// The event's body with its context and its words.
    pub(super) evidence: &'a Value,
    pub(super) on_word: OnWord<'a>,
}

pub(super) fn readable(record: OlderRecord<'_>) -> Value {
    let OlderRecord { evidence, on_word, .. } = record;
    json!({
        "@context": {
            "dct": "http://purl.org/dc/terms/",
            "dpv": "https://w3id.org/dpv#",
            "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
            "pd": "https://w3id.org/dpv/pd#",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "schema": "https://schema.org/",
            "ledger": { "@id": "urn:assent:ledger", "@type": "@json" },
        },
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
        "dct:identifier": evidence["event_id"],
        "dct:issued": on_word.issued,
        "dct:publisher": on_word.name,
        "schema:recipient": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": record_of_activity(record),
    })
}

fn record_of_activity(record: OlderRecord<'_>) -> Value {
    let OlderRecord { evidence, on_word, .. } = record;
    let withdrawal = format!("{}/preferences", on_word.site);
    json!({
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
        "dct:identifier": evidence["event_id"],
        "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": withdrawal,
        },
        "dpv:hasConsentStatus": status(record),
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "dpv:hasAddress": on_word.address,
            "dpv:hasContact": on_word.contact,
            "dpv:hasName": on_word.name,
        },
        "dpv:hasDataSubject": data_subject(evidence),
        "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
        "dpv:hasNotice": notices(record),
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dct:source": evidence["source"],
            "dpv:hasDataSource": "dpv:DataSubjectDataSource",
            "dpv:hasPersonalData": "pd:EmailAddress",
            "dpv:hasPurpose": { "@type": "dpv:Purpose", "dct:identifier": evidence["purpose"] },
        },
        "dpv:hasRight": {
            "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
            "dct:title": "Right to withdraw consent at any time",
            "dpv:isExercisedAt": withdrawal,
        },
    })
}

fn status(record: OlderRecord<'_>) -> Value {
    let OlderRecord { event_type, evidence, .. } = record;
    let by_controller = event_type == EventType::Expired;
    let mut status = json!({
        "@type": [status_type(event_type), "dpv:ExpressedConsent"],
        "dpv:hasIndicationMethod": evidence["method"],
        "dpv:isIndicatedAtTime": evidence["at"],
        "dpv:isIndicatedBy": if by_controller { "dpv:DataController" } else { "dpv:DataSubject" },
    });
    if event_type.in_force() {
        status["dpv:hasDuration"] = json!({
            "@type": "dpv:UntilEventDuration",
            "rdf:value": "Withdrawal of consent, or its end as the policy says",
        });
    }
    status
}

/// The status of the consent; that of an erasure is another one now.
fn status_type(event_type: EventType) -> &'static str {
    match event_type {
        EventType::Requested => "dpv:ConsentRequested",
        EventType::Given => "dpv:ConsentGiven",
        EventType::Withdrawn => "dpv:ConsentWithdrawn",
        EventType::Renewed => "dpv:RenewedConsentGiven",
        EventType::Expired => "dpv:ConsentExpired",
        EventType::Erased => "dpv:ConsentTerminated",
    }
}

fn data_subject(evidence: &Value) -> Map<String, Value> {
    let named = [("dct:identifier", "subscriber_id"), ("schema:email", "email")];
    let named = named.into_iter().filter_map(|(name, of)| Some((name, evidence.get(of)?.clone())));
    let subject = [("@type", Value::from("dpv:DataSubject"))].into_iter().chain(named);
    subject.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// An erasure's event names neither words nor policy: the members are null then.
fn notices(record: OlderRecord<'_>) -> Value {
    let OlderRecord { evidence, on_word, .. } = record;
    let (notice, policy) = (&evidence["notice"], &evidence["policy"]);
    let label = policy["label"].as_str().unwrap_or_default();
    json!([
        {
            "@type": "dpv:ConsentNotice",
            "dct:description": notice["text"],
            "dct:language": notice["lang"],
            "schema:sha256": notice["sha256"],
        },
        {
            "@id": format!("{}/policies/privacy/{label}", on_word.site),
            "@type": "dpv:PrivacyNotice",
            "schema:sha256": policy["sha256"],
            "schema:version": policy["label"],
        },
    ])
}
