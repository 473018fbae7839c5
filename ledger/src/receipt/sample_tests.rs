//! Receipts for the tests: of events of every type, as the program writes them now.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Documents, Issue, LedgerMember, Proof, ReceiptFacts, TYPE, payload, sign};
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::leaf::{LeafHead, LeafType, canonical};
use crate::note::{Checkpoint, KeyName, SigningKey};
use crate::tree::{Frontier, leaf_hash};

pub(super) const WORDS: &str = "I agree, \u{201c}gladly\u{201d}.";
pub(super) const POLICY: &str = "# Privacy\n\nWe send what you asked for.\n";
pub(super) const FORM: &str =
    "<!-- assent 0.1.0; form trees; privacy policy 2026-11 -->\n<form></form>\n";
pub(super) const EVENT: &str = "01936f00-0000-7000-8000-000000000001";
pub(super) const PERSON: &str = "01936f00-0000-7000-8000-000000000002";
pub(super) const RECEIPT: &str = "0f9c2a4e-7d1b-4c55-9a3e-5f6a7b8c9d0e";

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [seed; 32])
}

/// One event with what it names.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) event_type: EventType,
    pub(super) version: u8,
    pub(super) body: Value,
    pub(super) context: Option<Value>,
    pub(super) documents: Documents<&'static str>,
}

impl Sample {
    /// Given by a form, and confirmed by the code in a mail.
    pub(super) fn given() -> Self {
        let context = json!({
            "controller": {
                "address": "1 High St, Dublin",
                "contact": "dpo@press.example",
                "identifier": "CRO 123456",
                "name": "Civic Press",
            },
            "form": sha256_hex(FORM.as_bytes()),
            "method": "form",
            "notice": { "lang": "en-GB", "sha256": sha256_hex(WORDS.as_bytes()) },
            "policy": { "label": "2026-11", "lang": "en-GB", "sha256": sha256_hex(POLICY.as_bytes()) },
            "processing": {
                "jurisdiction": "IE",
                "recipients": ["Post & Co, Paris, which sends our mail"],
                "retention": "P3Y",
                "storage": "IE, DE",
            },
            "purpose": "newsletter:weekly",
            "report": "trees",
            "required": false,
            "site": "https://reports.example",
            "source": "/reports/trees",
        });
        let body = json!({
            "at": "2026-11-23T09:05:00.000000Z",
            "confirmed": { "by": "code", "message_id": "<0193@reports.example>" },
            "data": ["email", "job_title", "name", "organisation"],
            "email": "ada@example.org",
            "event_id": EVENT,
            "requested_at": "2026-11-23T09:00:00.000000Z",
            "seq": 1,
            "signup_id": "01936f00-0000-7000-8000-000000000003",
            "subscriber_id": PERSON,
            "unticked": ["newsletter:monthly"],
        });
        Self {
            event_type: EventType::Given,
            version: 2,
            body,
            context: Some(context),
            documents: Documents { form: Some(FORM), notice: Some(WORDS), policy: Some(POLICY) },
        }
        .named()
    }

    /// Brought from elsewhere, by an installation that says little of itself.
    pub(super) fn imported() -> Self {
        let mut sample = Self::given();
        let context = sample.context.as_mut().and_then(Value::as_object_mut).unwrap();
        for name in ["form", "processing", "report", "required"] {
            context.remove(name);
        }
        context["controller"].as_object_mut().unwrap().remove("identifier");
        context.insert("method".into(), "import".into());
        context.insert("source".into(), "old-list.csv".into());
        let body = sample.body.as_object_mut().unwrap();
        for name in ["confirmed", "data", "signup_id", "unticked"] {
            body.remove(name);
        }
        body.insert("evidence".into(), "On paper, at the fair of 2019".into());
        body.insert("requested_at".into(), "2019-05-04T00:00:00.000000Z".into());
        sample.documents.form = None;
        sample.named()
    }

    /// Taken back on the page of choices.
    pub(super) fn withdrawn() -> Self {
        let mut sample = Self::given();
        sample.event_type = EventType::Withdrawn;
        let context = sample.context.as_mut().and_then(Value::as_object_mut).unwrap();
        for name in ["form", "report", "required"] {
            context.remove(name);
        }
        context.insert("source".into(), "/preferences".into());
        let body = sample.body.as_object_mut().unwrap();
        for name in ["confirmed", "data", "unticked"] {
            body.remove(name);
        }
        body.insert("at".into(), "2026-11-24T12:00:00.000000Z".into());
        sample.documents.form = None;
        sample.named()
    }

    /// Asked for by a form, and not confirmed yet: there is no subscriber.
    pub(super) fn requested() -> Self {
        let mut sample = Self::given();
        sample.event_type = EventType::Requested;
        let body = sample.body.as_object_mut().unwrap();
        for name in ["confirmed", "subscriber_id"] {
            body.remove(name);
        }
        body.insert("at".into(), body["requested_at"].clone());
        sample
    }

    /// Over, for it was not renewed in time.
    pub(super) fn expired() -> Self {
        let mut sample = Self::withdrawn();
        sample.event_type = EventType::Expired;
        let context = sample.context.as_mut().and_then(Value::as_object_mut).unwrap();
        context.insert("method".into(), "program".into());
        context.insert("source".into(), "assent serve".into());
        sample.named()
    }

    /// One of each type, an import, and one of a leaf of version 1; with names.
    pub(super) fn all() -> [(&'static str, Self); 8] {
        [
            ("requested", Self::requested()),
            ("given", Self::given()),
            ("imported", Self::imported()),
            ("renewed", Self { event_type: EventType::Renewed, ..Self::given() }),
            ("withdrawn", Self::withdrawn()),
            ("expired", Self::expired()),
            ("erased", Self::erased()),
            ("version-1", Self::of_version_1()),
        ]
    }

    /// Of a person who is not here any more.
    pub(super) fn erased() -> Self {
        let body = json!({
            "at": "2026-11-25T08:00:00.000000Z",
            "emptied": [[0, 1]],
            "event_id": EVENT,
            "method": "form",
            "purpose": "newsletter:weekly",
            "seq": 3,
            "source": "/preferences",
            "subscriber_id": PERSON,
        });
        Self {
            event_type: EventType::Erased,
            version: 2,
            body,
            context: None,
            documents: Documents::default(),
        }
    }

    /// Of a leaf of version 1, whose body holds all that was shown.
    pub(super) fn of_version_1() -> Self {
        let mut sample = Self::given();
        sample.version = 1;
        let context = sample.context.take().unwrap();
        let body = sample.body.as_object_mut().unwrap();
        for name in ["confirmed", "context", "data", "seq", "unticked"] {
            body.remove(name);
        }
        for name in ["method", "notice", "policy", "purpose", "report", "source"] {
            body.insert(name.into(), context[name].clone());
        }
        body["notice"]["text"] = WORDS.into();
        body["policy"].as_object_mut().unwrap().remove("lang");
        sample.documents.form = None;
        sample
    }

    /// Has the body name the context as it is now.
    pub(super) fn named(mut self) -> Self {
        if let Some(context) = &self.context {
            self.body["context"] = sha256_hex(canonical(context).unwrap().as_bytes()).into();
        }
        self
    }

    /// The receipt of it in a ledger of two events, and what it says.
    pub(super) fn receipt(&self) -> (String, Value) {
        let sign = |facts: &ReceiptFacts<'_>| sign(facts, &key(1), &[key(1).vkey()]).unwrap();
        (self.with_facts(sign), self.payload())
    }

    /// What its receipt says, or would say where nobody gives one out.
    pub(super) fn payload(&self) -> Value {
        self.with_facts(|facts| payload(&LedgerMember::from(facts)).unwrap())
    }

    pub(super) fn with_facts<T>(&self, then: impl FnOnce(&ReceiptFacts<'_>) -> T) -> T {
        let salt = [7; 32];
        let head = LeafHead { leaf_type: LeafType::Event(self.event_type), version: self.version };
        let leaf = head.leaf(&salt, &canonical(&self.body).unwrap());
        let (first, second) = (leaf_hash(b"other"), leaf_hash(leaf.as_bytes()));
        let mut tree = Frontier::new();
        for leaf in [first, second] {
            tree.push(leaf);
        }
        let root = tree.root();
        let checkpoint = Checkpoint { origin: "example.org/ledger".into(), size: 2, root };
        let note = checkpoint.sign(&[key(1)]);
        then(&ReceiptFacts {
            body: &self.body,
            context: self.context.as_ref(),
            documents: self.documents,
            issued: Issue {
                at: "2026-11-26T00:00:00.000000Z",
                id: RECEIPT,
                site: "https://reports.example",
            },
            leaf: &leaf,
            proof: Proof { index: 1, size: 2, root, hashes: &[first], checkpoint_note: &note },
            salt: &URL_SAFE_NO_PAD.encode(salt),
        })
    }
}

/// A changed payload, signed by whom it should be.
pub(super) fn resigned(payload: &Value) -> String {
    signed_text(&canonical(payload).unwrap())
}

/// Any text, signed as a receipt by whom it should be.
pub(super) fn signed_text(text: &str) -> String {
    let header = json!({ "alg": "Ed25519", "kid": key(1).vkey().to_string(), "typ": TYPE });
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(text));
    let signature = URL_SAFE_NO_PAD.encode(key(1).sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Files for programs in other languages that check receipts: run with the directory in `RECEIPT_SAMPLES`.
#[test]
#[ignore = "writes files for other programs"]
fn samples_for_other_programs() {
    let dir = std::path::PathBuf::from(std::env::var("RECEIPT_SAMPLES").expect("RECEIPT_SAMPLES"));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("key"), format!("{}\n", key(1).vkey())).unwrap();
    for (name, sample) in Sample::all() {
        let (jws, payload) = sample.receipt();
        std::fs::write(dir.join(format!("{name}.jws")), jws).unwrap();
        std::fs::write(dir.join(format!("{name}.json")), format!("{payload:#}\n")).unwrap();
    }
}
