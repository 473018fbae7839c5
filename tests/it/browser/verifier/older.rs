//! Receipts of the older form, which nobody gives out any more, before the page as a file: it calls none of them genuine,
//! and names what could not be compared as the program does.

use assent_ledger::note::{KeyName, SigningKey};
use assent_ledger::receipt::{Compared, Uncompared, verify};
use serde_json::{Value, json};

use super::forgeries::{resigned, with};
use super::{SIGNED, Said, Verifier, file};

const RECORD: &str = "/dpv:hasRecordOfActivity";
const GIVEN: &str = include_str!("../../../../ledger/src/receipt/older_samples/given.jws");
const ERASED: &str = include_str!("../../../../ledger/src/receipt/older_samples/erased.jws");
const VERSION_1: &str = include_str!("../../../../ledger/src/receipt/older_samples/version_1.jws");
const ELEMENT: &str =
    include_str!("../../../../ledger/src/receipt/older_samples/schema_2_element.jws");

/// What signed them.
fn signing() -> SigningKey {
    SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32])
}

/// What the program could not compare.
fn uncompared(jws: &str) -> (&'static [Uncompared], Value) {
    let verified = verify(jws.trim(), &[signing().vkey()]).unwrap();
    match verified.compared {
        Compared::InPart(left) => (left, verified.payload),
        Compared::Whole => panic!("an older receipt was compared whole"),
    }
}

fn is_in_part(said: &Said, left: &[Uncompared]) {
    assert_eq!((said.verdict.as_str(), said.kind.as_str()), ("in-part", "receipt"), "{said:?}");
    assert_eq!(said.steps["step-readable"], "part", "{said:?}");
    assert!(said.faults.is_empty() && said.title != SIGNED, "{said:?}");
    let sentence = |left: &Uncompared| {
        let words = left.to_string();
        format!("{}{}.", words[..1].to_uppercase(), &words[1..])
    };
    assert_eq!(said.uncompared, left.iter().map(sentence).collect::<Vec<_>>());
}

/// What whoever holds the key would have one say, changed where nothing that is sealed is.
fn falsified(given: &Value, erased: &Value) -> Vec<(String, Value)> {
    let hash = json!("0".repeat(64));
    let then = json!("2020-01-01T00:00:00.000000Z");
    let of_given = [
        ("dpv:hasDataSubject/schema:email", json!("eve@b.example")),
        ("dpv:hasDataSubject/dct:identifier", json!("another")),
        ("dpv:hasDataController/dpv:hasName", json!("Another Press")),
        ("dpv:hasNotice/0/dct:description", json!("I agree to more.")),
        ("dpv:hasNotice/0/dct:language", json!("fr")),
        ("dpv:hasNotice/0/schema:sha256", hash.clone()),
        ("dpv:hasNotice/1/schema:version", json!("2027-01")),
        ("dpv:hasNotice/1/schema:sha256", hash),
        ("dpv:hasConsentStatus/dpv:hasIndicationMethod", json!("staff")),
        ("dpv:hasConsentStatus/dpv:isIndicatedAtTime", then.clone()),
        ("dpv:hasConsentStatus/@type/0", json!("dpv:ConsentWithdrawn")),
        ("dpv:hasProcess/dct:source", json!("/reports/flowers")),
        ("dpv:hasProcess/dpv:hasPurpose/dct:identifier", json!("newsletter:daily")),
        ("dpv:hasProcess/dpv:hasRecipient", json!("one member more")),
        ("dpv:hasRight/dpv:isExercisedAt", json!("https://another.example/preferences")),
    ];
    let of_erased = [
        ("dpv:hasConsentStatus/@type/0", json!("dpv:ConsentGiven")),
        ("dpv:hasConsentStatus/dpv:isIndicatedAtTime", then),
        ("dpv:hasDataSubject/schema:email", json!("eve@b.example")),
        ("dpv:hasNotice/1/schema:version", json!("2026-11")),
    ];
    let forge = |payload: &Value, (path, to): (&str, Value)| {
        (path.to_owned(), with(payload, &format!("{RECORD}/{path}"), to))
    };
    let given = of_given.map(|change| forge(given, change));
    given.into_iter().chain(of_erased.map(|change| forge(erased, change))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_of_the_older_form_is_never_called_sound() {
    let (signing, keys) = (signing(), [signing().vkey()]);
    let mut page = Verifier::open(&file()).await;
    for known in ["", &signing.vkey().to_string()] {
        page.knows(known).await;
        for jws in [GIVEN, ERASED, VERSION_1] {
            is_in_part(&page.says(&[jws]).await, uncompared(jws).0);
        }
    }
    page.looks_good("receipt-older").await;

    let [given, erased] = [GIVEN, ERASED].map(|jws| uncompared(jws).1);
    // As it is signed anew here, it is believed as far as before; so each forgery is seen by what was changed.
    is_in_part(&page.says(&[&resigned(&given, &signing)]).await, uncompared(GIVEN).0);
    for (what, payload) in falsified(&given, &erased) {
        let jws = resigned(&payload, &signing);
        assert!(verify(&jws, &keys).is_err(), "{what}");
        page.says(&[&jws]).await.is_forged(&["readable", "documents"], &what);
    }
    for name in ["documents", "note"] {
        let jws = resigned(&with(&given, &format!("/ledger/{name}"), json!({})), &signing);
        assert!(verify(&jws, &keys).is_err(), "{name}");
        page.says(&[&jws]).await.is_forged(&["commitment"], name);
    }
}

// Which calls the document that said what to draw a page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_of_the_form_before_is_compared_as_it_was_written() {
    let (signing, keys) = (signing(), [signing().vkey()]);
    let page = Verifier::open(&file()).await;
    page.knows(&signing.vkey().to_string()).await;
    let said = page.says(&[ELEMENT]).await;
    assert_eq!((said.title.as_str(), said.steps["step-readable"].as_str()), (SIGNED, "ok"));
    let payload = verify(ELEMENT.trim(), &keys).unwrap().payload;
    let jws = resigned(&with(&payload, "/ledger/schema", json!(3)), &signing);
    assert!(verify(&jws, &keys).is_err());
    page.says(&[&jws]).await.is_forged(&["readable"], "a form passes for the other");
}
