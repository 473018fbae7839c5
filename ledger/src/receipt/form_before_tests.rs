//! Receipts of the form before the present one, word for word as they were given out; and what the present one says of forms
//! that somebody else drew.

use serde_json::{Value, json};

use super::sample_tests::{Sample, key, resigned};
use super::{Compared, ReceiptError as E, verify};
use crate::digest::sha256_hex;

const RECORD: &str = "/dpv:hasRecordOfActivity";
/// Of a form that our script drew, of one that another page drew, and of one of ours in a frame.
const ALL: [&str; 3] = [
    include_str!("older_samples/schema_2_element.jws"),
    include_str!("older_samples/schema_2_page.jws"),
    include_str!("older_samples/schema_2_ours.jws"),
];

fn at<'a>(payload: &'a Value, path: &str) -> &'a Value {
    payload.pointer(&format!("{RECORD}{path}")).unwrap_or(&Value::Null)
}

/// Given on a form that this one drew, of which the document is kept, on a page of this address.
fn given(drawn_by: &str, form: &'static str) -> Sample {
    let mut sample = Sample::given();
    let context = sample.context.as_mut().unwrap();
    context["drawn_by"] = drawn_by.into();
    context["form"] = sha256_hex(form.as_bytes()).into();
    sample.documents.form = Some(form);
    sample.body["page"] = "https://press.example/articles/1".into();
    sample.named()
}

#[test]
fn they_are_read_as_they_were_written_and_compared_whole() {
    for jws in ALL {
        let verified =
            verify(jws.trim(), &[key(1).vkey()]).unwrap_or_else(|error| panic!("{error}"));
        let payload = &verified.payload;
        assert_eq!((verified.compared, &payload["ledger"]["schema"]), (Compared::Whole, &json!(2)));
        assert_eq!(*at(payload, "/dct:references/@type"), "schema:WebPage");
        assert_eq!(*at(payload, "/dpv:hasConsentStatus/schema:location"), Value::Null);
        assert_eq!(payload["ledger"]["body"]["page"], "https://press.example/articles/1");
        let again = verify(&resigned(payload), &[key(1).vkey()]);
        assert!(again.is_ok(), "its bytes are those of what it says");
    }
}

#[test]
fn neither_form_passes_for_the_other() {
    let keys = [key(1).vkey()];
    let mut before = verify(ALL[0].trim(), &keys).unwrap().payload;
    before["ledger"]["schema"] = 3.into();
    assert!(matches!(verify(&resigned(&before), &keys), Err(E::Differs(_))));
    let (_, mut now) = given("element", "{}").receipt();
    now["ledger"]["schema"] = 2.into();
    assert!(matches!(verify(&resigned(&now), &keys), Err(E::Differs(_))));
}

#[test]
fn what_says_what_to_draw_is_no_page() {
    for (drawn_by, kind, format) in [
        ("element", "schema:DigitalDocument", "application/json"),
        ("page", "schema:DigitalDocument", "application/json"),
        ("ours", "schema:WebPage", "text/html"),
    ] {
        let (jws, payload) = given(drawn_by, "{}").receipt();
        assert!(verify(&jws, &[key(1).vkey()]).is_ok());
        let form = at(&payload, "/dct:references");
        assert_eq!((&form["@type"], &form["dct:format"]), (&json!(kind), &json!(format)));
        assert_eq!(form["schema:sha256"], sha256_hex(b"{}"));
        let page = at(&payload, "/dpv:hasConsentStatus/schema:location");
        assert_eq!(page["schema:url"], "https://press.example/articles/1");
    }
    let (_, payload) = Sample::given().receipt();
    assert_eq!(*at(&payload, "/dpv:hasConsentStatus/schema:location"), Value::Null);
}
