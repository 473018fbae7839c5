//! Receipts falsified by whoever holds the ledger's key, and a few by others: each with the steps of the page that may
//! see it.

use assent_ledger::digest::sha256_hex;
use assent_ledger::leaf::canonical;
use assent_ledger::note::{Checkpoint, KeyName, SigningKey, decode_hash, encode_hash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const RECORD: &str = "/dpv:hasRecordOfActivity";

/// A forgery; of one without steps, any may see it.
pub(super) struct Forgery {
    pub what: String,
    pub steps: &'static [&'static str],
    pub jws: String,
}

/// Somebody else's key under the ledger's name.
pub(super) fn thief(origin: &str) -> SigningKey {
    SigningKey::new(KeyName::parse(origin).unwrap(), [9; 32])
}

/// A payload signed as a receipt.
pub(super) fn resigned(payload: &Value, key: &SigningKey) -> String {
    signed(&header(key), &canonical(payload).unwrap(), key)
}

fn header(key: &SigningKey) -> Value {
    let kid = key.vkey().to_string();
    json!({ "alg": "Ed25519", "cty": "ld+json", "kid": kid, "typ": "consent-receipt+jws" })
}

fn signed(header: &Value, payload: &str, key: &SigningKey) -> String {
    let [header, payload] =
        [canonical(header).unwrap().as_str(), payload].map(|part| URL_SAFE_NO_PAD.encode(part));
    let text = format!("{header}.{payload}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

/// A payload with another value in this place, which may be a new one.
pub(super) fn with(payload: &Value, path: &str, to: Value) -> Value {
    let mut forged = payload.clone();
    let (place, name) = path.rsplit_once('/').unwrap();
    let place = forged.pointer_mut(place).unwrap_or_else(|| panic!("{path}"));
    match place.as_array_mut() {
        Some(all) => all[name.parse::<usize>().unwrap()] = to,
        None => place[name] = to,
    }
    assert_ne!(&forged, payload, "{path}");
    forged
}

fn without(payload: &Value, path: &str) -> Value {
    let mut forged = payload.clone();
    let (place, name) = path.rsplit_once('/').unwrap();
    let place = forged.pointer_mut(place).and_then(Value::as_object_mut);
    assert!(place.unwrap().remove(name).is_some(), "{path}");
    forged
}

/// What is read, changed where nothing that is sealed is.
fn readable(payload: &Value) -> Vec<(String, Value)> {
    let status = format!("{RECORD}/dpv:hasConsentStatus");
    let (notice, controller) =
        (format!("{RECORD}/dpv:hasNotice"), format!("{RECORD}/dpv:hasDataController"));
    let hash = json!(sha256_hex(b"another"));
    let then = json!("2020-01-01T00:00:00.000000Z");
    let first = payload.pointer(&status).unwrap();
    let second = json!([first, { "@type": "dpv:ConsentWithdrawn" }]);
    let places = [
        (format!("{RECORD}/dpv:hasDataSubject/schema:email"), json!("eve@b.example")),
        (format!("{RECORD}/dpv:hasDataSubject/dct:identifier"), json!("another")),
        (format!("{notice}/0/dct:description"), json!("I agree to more.")),
        (format!("{notice}/0/schema:sha256"), hash.clone()),
        (format!("{notice}/0/dct:language"), json!("fr")),
        (format!("{notice}/1/schema:version"), json!("2027-01")),
        (format!("{notice}/1/dct:hasFormat/schema:sha256"), hash),
        (format!("{controller}/dpv:hasName"), json!("Another Press")),
        (format!("{controller}/dpv:hasContact"), json!("dpo@another.example")),
        (format!("{status}/dpv:hasIndicationMethod"), json!("entered by the publisher's staff")),
        (format!("{status}/dct:source"), json!("/reports/flowers")),
        (format!("{status}/dpv:isIndicatedAtTime"), then.clone()),
        (format!("{status}/@type/0"), json!("dpv:ConsentWithdrawn")),
        (status, second),
        (format!("{RECORD}/dct:created"), then.clone()),
        (
            format!("{RECORD}/dpv:hasProcess/dpv:hasPurpose/dct:identifier"),
            json!("newsletter:daily"),
        ),
        (
            format!("{RECORD}/dpv:hasConsentControl/dpv:isExercisedAt"),
            json!("https://another.example/preferences"),
        ),
        ("/@context".to_owned(), json!("https://another.example/context")),
        ("/dct:created".to_owned(), then),
        ("/schema:name".to_owned(), json!("one member more")),
    ];
    let changed = places.map(|(path, to)| {
        let forged = with(payload, &path, to);
        (path, forged)
    });
    let less = ["dpv:hasRight", "dct:references", "dpv:hasJurisdiction"].map(|name| {
        let path = format!("{RECORD}/{name}");
        let forged = without(payload, &path);
        (format!("{path} left out"), forged)
    });
    changed.into_iter().chain(less).collect()
}

/// What it is read out of, changed beside what commits to it.
fn sealed(payload: &Value, other: &Value) -> Vec<(&'static str, &'static [&'static str], Value)> {
    let of_other = |path: &str| other.pointer(path).unwrap().clone();
    let size = payload["ledger"]["tree_size"].as_u64().unwrap();
    let changed: [(&'static str, &'static [&'static str], Value); 17] = [
        ("/ledger/body/email", &["commitment"], json!("eve@b.example")),
        ("/ledger/body/at", &["commitment"], json!("2020-01-01T00:00:00.000000Z")),
        ("/ledger/body/unticked", &["commitment"], json!(["newsletter:daily"])),
        ("/ledger/salt", &["commitment"], of_other("/ledger/salt")),
        ("/ledger/leaf", &["commitment"], of_other("/ledger/leaf")),
        ("/ledger/context/controller/name", &["documents"], json!("Another Press")),
        ("/ledger/context/method", &["documents"], json!("staff")),
        ("/ledger/documents/notice", &["documents"], json!("I agree to more.")),
        ("/ledger/documents/policy", &["documents"], json!("# Privacy\n\nWe sell it.\n")),
        ("/ledger/documents/form", &["documents"], json!("<input type=checkbox checked>")),
        ("/ledger/index", &["inclusion"], of_other("/ledger/index")),
        ("/ledger/tree_size", &["inclusion"], json!(size + 1)),
        ("/ledger/root", &["inclusion"], json!(encode_hash(&[9; 32]))),
        ("/ledger/inclusion_proof", &["inclusion"], json!([])),
        ("/ledger/schema", &[], json!(4)),
        ("/ledger/schema", &[], json!("2")),
        ("/ledger/note", &[], json!("one member more")),
    ];
    let left_out: [(&'static str, &'static [&'static str]); 4] = [
        ("/ledger/context", &["documents"]),
        ("/ledger/documents/policy", &["documents"]),
        ("/ledger/documents/form", &["documents"]),
        // So that less of it would be compared.
        ("/ledger/schema", &[]),
    ];
    let changed = changed.into_iter().map(|(path, by, to)| (path, by, with(payload, path, to)));
    let left_out = left_out.into_iter().map(|(path, by)| (path, by, without(payload, path)));
    changed.chain(left_out).collect()
}

/// The head that a receipt carries, as somebody signs it under this name.
pub(super) fn with_head(payload: &Value, origin: &str, key: &SigningKey) -> Value {
    let ledger = &payload["ledger"];
    let head = Checkpoint {
        origin: origin.to_owned(),
        size: ledger["tree_size"].as_u64().unwrap(),
        root: decode_hash(ledger["root"].as_str().unwrap()).unwrap(),
    };
    with(payload, "/ledger/checkpoint", json!(head.sign(std::slice::from_ref(key))))
}

/// All of them, made of two genuine receipts.
pub(super) fn forgeries(payload: &Value, other: &Value, key: &SigningKey) -> Vec<Forgery> {
    let forgery = |what: &str, steps, jws| Forgery { what: what.to_owned(), steps, jws };
    let mut all = vec![];
    for (what, payload) in readable(payload) {
        all.push(forgery(&what, &["readable"], resigned(&payload, key)));
    }
    for (what, steps, payload) in sealed(payload, other) {
        all.push(forgery(what, steps, resigned(&payload, key)));
    }
    let thief = thief(key.name().as_str());
    let strange = with_head(payload, key.name().as_str(), &thief);
    all.push(forgery("a stranger's head", &["head"], resigned(&strange, key)));

    let text = canonical(payload).unwrap();
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("ES256")),
        ("typ", json!("JWT")),
        ("crit", json!(["b64"])),
    ] {
        let mut header = header(key);
        header[name] = value;
        all.push(forgery(name, &["signature"], signed(&header, &text, key)));
    }
    all.push(forgery("the thief's own", &["key"], resigned(payload, &thief)));
    all.push(forgery(
        "the thief's, in our name",
        &["signature"],
        signed(&header(key), &text, &thief),
    ));
    let audience = r#""dct:audience":"#;
    let twice = text.replacen(audience, &format!(r#"{audience}"dpv:Child",{audience}"#), 1);
    for (what, other) in [("a name twice", twice), ("a line more", format!("{text}\n"))] {
        assert_ne!(other, text, "{what}");
        all.push(forgery(what, &[], signed(&header(key), &other, key)));
    }
    let genuine = resigned(payload, key);
    let (whole, signature) = genuine.rsplit_once('.').unwrap();
    let instead = if signature.starts_with('A') { "B" } else { "A" };
    let damaged = format!("{whole}.{instead}{}", &signature[1..]);
    all.push(forgery("a letter of its signature", &["signature"], damaged));
    all
}
