//! Bundles for the tests: of events of version 1, which stand by themselves.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::audit::{AuditReport, Known, audit};
use crate::bundle::{
    CHECKPOINT, EVENTS, EXTENT, FOLDERS, KEYS, NewLine, keys_json, notice_file, policy_file,
};
use crate::digest::sha256_hex;
use crate::event_type::EventType;
use crate::extent::Extent;
use crate::leaf::{LeafHead, LeafType, canonical};
use crate::note::{Checkpoint, KeyName, SignedNote, SigningKey};
use crate::tree::{Frontier, Hash, TILE_HEIGHT, fold, inclusion_path, leaf_hash, subtree_root};

pub(crate) const ORIGIN: &str = "example.org/ledger";
pub(crate) const POLICY: &str = "# Privacy\n\nWe keep little.\n";

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::new(KeyName::parse(ORIGIN).unwrap(), [seed; 32])
}

pub(crate) fn words(n: u64) -> String {
    format!("I agree to \u{201c}number {}\u{201d}.", n % 2)
}

pub(crate) fn event_id(n: u64) -> String {
    format!("01936f00-0000-7000-8000-{n:012}")
}

pub(crate) fn body(n: u64) -> String {
    let words = words(n);
    let body = json!({
        "at": "2026-11-23T09:05:00.000000Z",
        "email": format!("reader{n}@example.org"),
        "event_id": event_id(n),
        "method": "form",
        "notice": { "lang": "en-GB", "sha256": sha256_hex(words.as_bytes()), "text": words },
        "policy": { "label": "2026-11", "sha256": sha256_hex(POLICY.as_bytes()) },
        "purpose": "privacy-policy",
        "requested_at": "2026-11-23T09:00:00.000000Z",
        "source": "/reports/trees",
    });
    canonical(&body).unwrap()
}

/// As leaves of version 1 are made, whose bodies hold all that was shown.
fn leaf(event_type: EventType, salt: &[u8; 32], body: &str) -> String {
    LeafHead { leaf_type: LeafType::Event(event_type), version: 1 }.leaf(salt, body)
}

#[derive(Clone)]
pub(crate) struct Event {
    pub leaf: String,
    pub salt: Option<[u8; 32]>,
    pub body: Option<String>,
}

impl Event {
    pub(crate) fn new(event_type: EventType, body: &Value) -> Self {
        let (salt, body) = ([5; 32], canonical(body).unwrap());
        Self { leaf: leaf(event_type, &salt, &body), salt: Some(salt), body: Some(body) }
    }

    /// What is left of it.
    pub(crate) fn bare(&self) -> Self {
        Self { leaf: self.leaf.clone(), salt: None, body: None }
    }

    /// As it stands in a bundle, with a proof or without.
    pub(crate) fn line(&self, index: u64, proof: Option<&[Hash]>) -> String {
        let salt = self.salt.as_ref().map(|salt| &salt[..]);
        NewLine { index, leaf: &self.leaf, salt, body: self.body.as_deref(), proof }.text()
    }
}

pub(crate) fn event(n: u64) -> Event {
    let (salt, body) = ([u8::try_from(n % 256).unwrap(); 32], body(n));
    Event { leaf: leaf(EventType::Given, &salt, &body), salt: Some(salt), body: Some(body) }
}

pub(crate) fn events(count: u64) -> Vec<Event> {
    (0..count).map(event).collect()
}

pub(crate) fn checkpoint(events: &[Event]) -> Checkpoint {
    let mut tree = Frontier::new();
    for event in events {
        tree.push(leaf_hash(event.leaf.as_bytes()));
    }
    Checkpoint { origin: ORIGIN.into(), size: tree.size(), root: tree.root() }
}

pub(crate) fn proof(events: &[Event], index: u64) -> Vec<Hash> {
    let leaves: Vec<_> = events.iter().map(|event| leaf_hash(event.leaf.as_bytes())).collect();
    let root = |level: u8, index: u64| {
        let start = usize::try_from(index << level).unwrap();
        assert!(level < TILE_HEIGHT);
        subtree_root(&leaves[start..start + (1 << level)])
    };
    let path = inclusion_path(index, events.len() as u64).unwrap();
    let nodes = |nodes: Vec<crate::tree::Node>| -> Vec<_> {
        nodes.into_iter().map(|node| root(node.level, node.index)).collect()
    };
    path.into_iter().map(|step| fold(&nodes(step))).collect()
}

pub(crate) fn lines(events: &[Event]) -> Vec<String> {
    (0..).zip(events).map(|(index, event)| event.line(index, None)).collect()
}

pub(crate) struct Bundle(TempDir);

impl Bundle {
    /// The bundle of a ledger, with lines of its own.
    pub(crate) fn new(events: &[Event], lines: &[String]) -> Self {
        let bundle = Self(tempfile::tempdir().unwrap());
        bundle.write(EVENTS, lines.concat());
        bundle.write(CHECKPOINT, checkpoint(events).sign(&[key(1)]));
        bundle.write(KEYS, keys_json(&[key(1).vkey()]));
        for folder in FOLDERS {
            fs::create_dir(bundle.path().join(folder)).unwrap();
        }
        let text = lines.concat();
        for words in [words(0), words(1)] {
            let sha256 = sha256_hex(words.as_bytes());
            if text.contains(&sha256) {
                bundle.write(&notice_file(&sha256), words);
            }
        }
        if text.contains("\"policy\":") {
            bundle.write(&policy_file("2026-11"), POLICY);
        }
        if text.contains("\"proof\":") {
            let (count, sha256) = (lines.len() as u64, sha256_hex(text.as_bytes()));
            bundle.write(EXTENT, Extent::new(count, sha256, &checkpoint(events)).sign(&key(1)));
        }
        bundle
    }

    pub(crate) fn sound(count: u64) -> Self {
        Self::new(&events(count), &lines(&events(count)))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(file), content).unwrap();
    }

    pub(crate) fn audit(&self) -> AuditReport {
        audit(self.path(), Known::default()).unwrap()
    }

    /// The findings, one text each.
    pub(crate) fn findings(&self) -> Vec<String> {
        texts(&self.audit())
    }
}

pub(crate) fn texts(report: &AuditReport) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

pub(crate) fn kept(bundle: &Bundle, earlier: &SignedNote) -> AuditReport {
    audit(bundle.path(), Known { earlier: Some(earlier), ..Known::default() }).unwrap()
}

pub(crate) fn earlier(events: &[Event]) -> SignedNote {
    SignedNote::parse(&checkpoint(events).sign(&[key(1)])).unwrap()
}
