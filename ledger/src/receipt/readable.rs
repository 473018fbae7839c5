//! All members of a receipt but `ledger`, in the terms of DPV. They are computed from that member alone, so whoever
//! checks a receipt computes them anew and compares.

use serde_json::{Map, Value, json};

use super::consent_record::{ConsentRecord, members};
use super::process::process;
use super::vocabulary::{self, places};
use crate::context::is_page;
use crate::event_type::EventType;

/// All of a receipt but its member `ledger`.
pub(super) fn readable(record: ConsentRecord<'_>) -> Map<String, Value> {
    let issued = &record.ledger.issued;
    members([
        ("@context", Some(vocabulary::context())),
        ("@id", Some(format!("urn:uuid:{}", issued.id).into())),
        ("@type", Some("dpv:ConsentReceipt".into())),
        ("dct:audience", Some("dpv:DataSubject".into())),
        ("dct:conformsTo", Some("dpv-27560:receipt".into())),
        ("dct:created", Some(issued.at.as_str().into())),
        ("dct:identifier", Some(issued.id.as_str().into())),
        ("dct:publisher", Some(record.controller().into())),
        ("dpv:hasIdentifier", Some(issued.id.as_str().into())),
        ("dpv:hasRecordOfActivity", Some(record_of_activity(record).into())),
    ])
}

fn record_of_activity(record: ConsentRecord<'_>) -> Map<String, Value> {
    let id = record.body_text("event_id").unwrap_or_default();
    let withdrawal = format!("{}/preferences", record.ledger.issued.site);
    members([
        ("@id", Some(format!("urn:uuid:{id}").into())),
        ("@type", Some("dpv:ConsentRecord".into())),
        ("dct:conformsTo", Some("dpv-27560:record".into())),
        ("dct:created", record.body_text("at").map(Value::from)),
        ("dct:identifier", Some(id.into())),
        ("dct:references", form(record)),
        ("dct:relation", unticked(record)),
        ("dpv:hasApplicableLaw", Some("eu:law-GDPR".into())),
        (
            "dpv:hasConsentControl",
            Some(json!({ "@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": withdrawal })),
        ),
        ("dpv:hasConsentStatus", Some(status(record).into())),
        ("dpv:hasDataController", Some(controller(record).into())),
        ("dpv:hasDataSubject", Some(data_subject(record).into())),
        ("dpv:hasIdentifier", Some(id.into())),
        ("dpv:hasJurisdiction", jurisdiction(record)),
        ("dpv:hasLegalBasis", Some(json!(["eu-gdpr:A6-1-a", "dpv:ExpressedConsent"]))),
        ("dpv:hasNotice", notices(record)),
        ("dpv:hasProcess", Some(process(record).into())),
        (
            "dpv:hasRight",
            Some(json!({
                "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
                "dct:title": "Right to withdraw consent at any time",
                "dpv:isExercisedAt": withdrawal,
            })),
        ),
    ])
}

/// The blank form, by the hash of its document: the page as it was rendered, or what somebody else was told to draw.
fn form(record: ConsentRecord<'_>) -> Option<Value> {
    let sha256 = record.context("form").as_str()?;
    let is_page = record.ledger.is_of_form_before() || is_page(record.context("drawn_by").as_str());
    let (kind, format) = if is_page {
        ("schema:WebPage", "text/html")
    } else {
        ("schema:DigitalDocument", "application/json")
    };
    Some(json!({ "@type": kind, "dct:format": format, "schema:sha256": sha256 }))
}

/// The page elsewhere around the form, of which nobody knows more than what was said.
fn page_around(record: ConsentRecord<'_>) -> Option<Value> {
    let page = record.body_text("page").filter(|_| !record.ledger.is_of_form_before())?;
    Some(json!({
        "@type": "schema:VirtualLocation",
        "dct:description": "the page around the form, as it was stated",
        "schema:url": page,
    }))
}

/// The purposes whose boxes were offered on the same form and left unticked, each a `ConsentRefused`: DPV names an
/// unticked box as an example of one.
fn unticked(record: ConsentRecord<'_>) -> Option<Value> {
    let offered = record.ledger.body["unticked"].as_array()?;
    let at = record.body_text("requested_at").unwrap_or_default();
    let left = offered.iter().filter_map(Value::as_str).map(|code| {
        json!({
            "@type": "dpv:ConsentRefused",
            "dpv:hasPurpose": record.purpose(code),
            "dpv:isIndicatedAtTime": at,
        })
    });
    Some(left.collect())
}

fn status(record: ConsentRecord<'_>) -> Map<String, Value> {
    let event_type = record.event_type;
    let mut kinds = vec![vocabulary::status(event_type)];
    if event_type.in_force() {
        kinds.push("dpv:ExpressedConsent");
    }
    let by_controller = match event_type {
        EventType::Expired => true,
        EventType::Erased => record.context_text("method") != "form",
        _ => false,
    };
    let by = if by_controller { record.controller() } else { "dpv:DataSubject".to_owned() };
    let mail = record.ledger.body["confirmed"]["message_id"].as_str();
    members([
        ("@type", Some(kinds.into())),
        // For an import: how it was given there.
        ("dct:description", record.body_text("evidence").map(Value::from)),
        ("dct:source", Some(record.context_text("source").into())),
        ("dpv:hasDuration", Some(duration(event_type))),
        ("dpv:hasIndicationMethod", Some(indication_method(record).into())),
        ("dpv:isIndicatedAtTime", Some(record.indicated_at().into())),
        ("dpv:isIndicatedBy", Some(by.into())),
        (
            "schema:instrument",
            mail.map(|id| json!({ "@type": "schema:EmailMessage", "schema:identifier": id })),
        ),
        ("schema:location", page_around(record)),
    ])
}

/// How long the status lasts.
fn duration(event_type: EventType) -> Value {
    let until = match event_type {
        EventType::Given | EventType::Renewed => {
            "Withdrawal of consent, or its end as the policy says"
        }
        EventType::Requested => "Confirmation, or the end of the time for it",
        EventType::Withdrawn | EventType::Expired => "Consent given anew",
        EventType::Erased => return json!({ "@type": "dpv:EndlessDuration" }),
    };
    json!({ "@type": "dpv:UntilEventDuration", "rdf:value": until })
}

/// How it was said, and how it was confirmed.
fn indication_method(record: ConsentRecord<'_>) -> String {
    let method = match (record.context("drawn_by").as_str(), record.context_text("method")) {
        (Some("element"), _) => {
            "a form on a web page, drawn there by the publisher's program, as that page said"
        }
        (Some("page"), _) => "a form on a web page, drawn by that page or its program",
        (_, "api") => "a program of the publisher's, by an interface",
        (_, "form") => "a form on the publisher's pages",
        (_, "import") => "brought by the publisher from elsewhere",
        (_, "program") => "the publisher's program, by itself",
        (_, "staff") => "entered by the publisher's staff",
        (_, other) => other,
    };
    match record.ledger.body["confirmed"]["by"].as_str() {
        Some("code") => format!("{method}; confirmed by the code in a mail to the address"),
        Some("link") => format!("{method}; confirmed by the link in a mail to the address"),
        _ => method.to_owned(),
    }
}

/// Who was answerable for the data.
fn controller(record: ConsentRecord<'_>) -> Map<String, Value> {
    let named = record.context("controller");
    let text = |name: &str| named[name].as_str().map(Value::from);
    let id = record.controller();
    let unnamed = named.is_null().then(|| record.policy()).flatten();
    members([
        ("@id", Some(id.as_str().into())),
        ("@type", Some("dpv:DataController".into())),
        ("dct:identifier", Some(id.as_str().into())),
        // An older event does not name it: the policy does.
        ("dct:source", unnamed.map(|policy| json!({ "@id": policy }))),
        ("dpv:hasAddress", text("address")),
        ("dpv:hasContact", text("contact")),
        ("dpv:hasIdentifier", text("identifier").or(Some(id.into()))),
        ("dpv:hasName", text("name")),
        (
            "schema:address",
            text("address").map(
                |address| json!({ "@type": "schema:PostalAddress", "schema:streetAddress": address }),
            ),
        ),
        ("schema:contactPoint", named["contact"].as_str().map(contact_point)),
    ])
}

fn contact_point(contact: &str) -> Value {
    let name = if contact.starts_with("https://") {
        "schema:url"
    } else if contact.contains('@') && !contact.contains(' ') {
        "schema:email"
    } else {
        "schema:description"
    };
    json!({ "@type": "schema:ContactPoint", name: contact })
}

fn data_subject(record: ConsentRecord<'_>) -> Map<String, Value> {
    // There is a subscriber only once an address is confirmed.
    let (id, email) = (record.body_text("subscriber_id"), record.body_text("email"));
    members([
        ("@id", id.map(|id| format!("urn:uuid:{id}").into())),
        ("@type", Some("dpv:DataSubject".into())),
        ("dct:identifier", id.or(email).map(Value::from)),
        ("schema:email", email.map(Value::from)),
    ])
}

fn jurisdiction(record: ConsentRecord<'_>) -> Option<Value> {
    match record.context("processing")["jurisdiction"].as_str() {
        Some(text) => Some(places(text).map_or_else(
            || json!({ "@type": "dpv:Location", "dct:description": text }),
            Value::from,
        )),
        None => record.said_by_policy("dpv:Location"),
    }
}

/// The words beside the box, and the policy shown with them; none of an erasure.
fn notices(record: ConsentRecord<'_>) -> Option<Value> {
    let (notice, policy) = (record.context("notice"), record.context("policy"));
    let (words, address) = (notice["sha256"].as_str()?, record.policy()?);
    let words = members([
        ("@id", Some(record.address(&format!("/notices/{words}.txt")).into())),
        ("@type", Some("dpv:ConsentNotice".into())),
        ("dct:description", record.ledger.documents.notice.as_deref().map(Value::from)),
        ("dct:format", Some("text/plain".into())),
        ("dct:language", Some(notice["lang"].clone())),
        ("schema:sha256", Some(words.into())),
    ]);
    let hashed = json!({
        "@id": format!("{address}.md"),
        "dct:format": "text/markdown",
        "schema:sha256": policy["sha256"],
    });
    let policy = members([
        ("@id", Some(address.into())),
        ("@type", Some("dpv:PrivacyNotice".into())),
        ("dct:hasFormat", Some(hashed)),
        ("dct:language", policy["lang"].as_str().map(Value::from)),
        ("schema:version", Some(policy["label"].clone())),
    ]);
    Some(json!([words, policy]))
}
