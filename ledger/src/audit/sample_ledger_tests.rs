//! Ledgers for the tests: of leaves of version 2, which say of each other where they stand.

use std::collections::HashMap;
use std::fs;

use serde_json::{Value, json};

use super::sample_tests::{Bundle, Event, POLICY, event_id, lines, proof, words};
use crate::bundle::{EVENTS, context_file, form_files, notice_file, policy_file};
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::leaf::{LeafHead, LeafType, canonical};
use crate::note::encode_hash;
use crate::record::RecordType;
use crate::tree::leaf_hash;

pub(crate) const ADA: u128 = 11;
pub(crate) const BOB: u128 = 12;

pub(crate) fn context() -> Value {
    json!({
        "controller": { "address": "1 High St", "contact": "dpo@example.org", "name": "Civic Press" },
        "method": "form",
        "notice": { "lang": "en-GB", "sha256": sha256_hex(words(0).as_bytes()) },
        "policy": { "label": "2026-11", "sha256": sha256_hex(POLICY.as_bytes()) },
        "purpose": "privacy-policy",
        "source": "/reports/trees",
    })
}

pub(crate) fn sha256(context: &Value) -> String {
    sha256_hex(canonical(context).unwrap().as_bytes())
}

/// A ledger under way.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    pub leaves: Vec<Event>,
    /// Of each subject, the number and the leaf hash of its newest event.
    ends: HashMap<u128, (u64, String)>,
}

impl Ledger {
    /// As every ledger begins.
    pub(crate) fn fresh() -> Self {
        let mut ledger = Self::default();
        ledger.record(RecordType::Adopted, json!({ "before": 0 }));
        ledger
    }

    /// Ada and Bob signed up, and Bob left.
    pub(crate) fn history() -> Self {
        let mut ledger = Self::fresh();
        ledger.event(EventType::Requested, 1, json!({}));
        ledger.event(EventType::Requested, 2, json!({}));
        ledger.event(EventType::Given, ADA, json!({}));
        ledger.event(EventType::Given, BOB, json!({}));
        ledger.record(RecordType::Recorded, json!({ "claims": { "count": 3, "sha256": "0" } }));
        ledger.event(EventType::Renewed, ADA, json!({}));
        ledger.event(EventType::Withdrawn, BOB, json!({}));
        ledger
    }

    /// What Bob's events are in it.
    pub(crate) const BOBS: [usize; 3] = [2, 4, 7];

    /// The same, with Bob forgotten.
    pub(crate) fn history_without_bob() -> Self {
        let mut ledger = Self::history();
        ledger.empty(&Self::BOBS);
        ledger.event(EventType::Erased, BOB, json!({ "emptied": [[2, 2], [4, 4], [7, 7]] }));
        ledger
    }

    /// What the ledger records of itself.
    pub(crate) fn record(&mut self, record_type: RecordType, said: Value) {
        let body = json!({ "at": "2026-11-23T09:05:00.000000Z", "record_id": event_id(99) });
        self.push(LeafType::Record(record_type), &with(body, said));
    }

    /// The next event of a subject, at the end of its order; `said` changes its body.
    pub(crate) fn event(&mut self, event_type: EventType, subject: u128, said: Value) {
        let (seq, previous) = self.ends.get(&subject).cloned().unwrap_or_default();
        let whose = if event_type == EventType::Requested { "signup_id" } else { "subscriber_id" };
        let mut body = json!({
            "at": "2026-11-23T09:05:00.000000Z",
            "event_id": event_id(self.leaves.len() as u64),
            "previous": if seq > 0 { json!(previous) } else { Value::Null },
            "seq": seq + 1,
            whose: uuid::Uuid::from_u128(subject),
        });
        if event_type != EventType::Erased {
            body["context"] = json!(sha256(&context()));
        }
        let leaf = self.push(LeafType::Event(event_type), &with(body, said));
        self.ends.insert(subject, (seq + 1, leaf));
    }

    /// Adds a leaf that commits to a body; gives its hash.
    fn push(&mut self, leaf_type: LeafType, body: &Value) -> String {
        let salt = [u8::try_from(self.leaves.len()).unwrap(); 32];
        let body = canonical(body).unwrap();
        let leaf = LeafHead { leaf_type, version: 2 }.leaf(&salt, &body);
        let hash = encode_hash(&leaf_hash(leaf.as_bytes()));
        self.leaves.push(Event { leaf, salt: Some(salt), body: Some(body) });
        hash
    }

    pub(crate) fn empty(&mut self, indexes: &[usize]) {
        for index in indexes {
            self.leaves[*index] = self.leaves[*index].bare();
        }
    }

    pub(crate) fn leaf_hash(&self, index: usize) -> String {
        encode_hash(&leaf_hash(self.leaves[index].leaf.as_bytes()))
    }

    pub(crate) fn bundle(&self) -> Bundle {
        with_context(Bundle::new(&self.leaves, &lines(&self.leaves)))
    }

    /// Only these of its lines, each with its proof.
    pub(crate) fn part(&self, indexes: &[usize]) -> Bundle {
        with_context(Bundle::new(&self.leaves, &self.part_lines(indexes)))
    }

    /// With one more event, whose context has these members too.
    pub(crate) fn with_context_of(&mut self, said: &Value) -> Bundle {
        let mut context = context();
        context.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        self.event(EventType::Withdrawn, ADA, json!({ "context": sha256(&context) }));
        let bundle = self.bundle();
        bundle.write(&context_file(&sha256(&context)), canonical(&context).unwrap());
        bundle
    }

    /// With one more event, which came from this form; and the form's file.
    pub(crate) fn with_form(&mut self, form: &str) -> (Bundle, String) {
        let sha256 = sha256_hex(form.as_bytes());
        let bundle = self.with_context_of(&json!({ "form": sha256 }));
        let [file, _] = form_files(&sha256);
        bundle.write(&file, form);
        (bundle, file)
    }

    pub(crate) fn part_lines(&self, indexes: &[usize]) -> Vec<String> {
        let line = |index: &usize| {
            let proof = proof(&self.leaves, *index as u64);
            self.leaves[*index].line(*index as u64, Some(&proof))
        };
        indexes.iter().map(line).collect()
    }
}

/// A body with other members; what is null is left out.
pub(crate) fn with(mut body: Value, said: Value) -> Value {
    let (Some(members), Value::Object(said)) = (body.as_object_mut(), said) else {
        panic!("objects");
    };
    members.extend(said);
    members.retain(|_, value| !value.is_null());
    body
}

/// With what its lines refer to.
fn with_context(bundle: Bundle) -> Bundle {
    if fs::read_to_string(bundle.path().join(EVENTS)).unwrap().contains("\"context\":") {
        bundle.write(&context_file(&sha256(&context())), canonical(&context()).unwrap());
        bundle.write(&notice_file(&sha256_hex(words(0).as_bytes())), words(0));
        bundle.write(&policy_file("2026-11"), POLICY);
    }
    bundle
}

/// The audit finds exactly these things, each at its place.
#[track_caller]
pub(crate) fn finds(bundle: &Bundle, expected: &[(&str, &str)]) {
    let found = bundle.findings();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, (place, words)) in found.iter().zip(expected) {
        assert!(found.contains(place) && found.contains(words), "{found} / {place}: {words}");
    }
}
