//! The part of an audit that looks at one row by itself, so that rows can be checked side by side.

use std::borrow::Cow;

use serde::Deserialize;
use uuid::Uuid;

use crate::bundle::{EventLine, decode_salt, is_label, unknown_member};
use crate::canonical::canonical_text;
use crate::context::Shown;
use crate::digest::{is_sha256_hex, sha256_hex};
use crate::event_type::EventType;
use crate::finding::{Problem, Row};
use crate::leaf::{LeafHead, LeafType};
use crate::moment::whole_seconds;
use crate::note::{Checkpoint, decode_hash};
use crate::record::{Emptied, RecordType, Told};
use crate::subjects::InOrder;
use crate::tree::{Hash, leaf_hash, verify_inclusion};

/// The result of checking one row.
#[derive(Debug)]
pub(super) struct CheckedRow {
    /// Which row.
    pub row: Row,
    /// The hash of its leaf; none where there is no leaf to read.
    pub leaf_hash: Option<Hash>,
    /// The version of its leaf; 0 where there is no leaf to read.
    pub version: u8,
    /// What its leaf is about; none where there is no leaf to read.
    pub leaf_type: Option<LeafType>,
    /// Whether it has only its leaf left.
    pub bare: bool,
    /// When it was written, as its body says, in seconds since the Unix epoch.
    pub at: Option<i64>,
    /// What it says of other leaves.
    pub told: Option<Told>,
    /// Where it stands among the events of its subject.
    pub in_order: Option<InOrder>,
    /// The files that its body refers to.
    pub refers: Option<References>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// The files whose content a body's hashes fix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum References {
    /// Since version 2: a context, by the lower-case hex SHA-256 of its text, which leads to words and policy.
    Context(String),
    /// Before: words and policy. The words stand in the body too, so their file may be left out.
    Shown(Shown),
}

impl CheckedRow {
    /// A row that cannot be read.
    pub(super) fn unreadable(line: u64, problem: Problem) -> Self {
        Self {
            row: Row { line, index: None, event_id: None },
            leaf_hash: None,
            version: 0,
            leaf_type: None,
            bare: false,
            at: None,
            told: None,
            in_order: None,
            refers: None,
            problems: vec![problem],
        }
    }
}

/// Checks all that a row says of itself: the form of its leaf, the commitment, the words, and the
/// proof, which in a partial bundle it must have.
pub(super) fn check_row(
    text: &[u8],
    line: u64,
    checkpoint: &Checkpoint,
    partial: bool,
) -> CheckedRow {
    let Some(event) = EventLine::parse(text) else {
        let problem = unknown_member(text).map_or(Problem::Line, Problem::Member);
        return CheckedRow::unreadable(line, problem);
    };
    let leaf_hash = leaf_hash(event.leaf.as_bytes());
    let mut checked = CheckedRow {
        row: Row { line, index: Some(event.index), event_id: None },
        leaf_hash: Some(leaf_hash),
        version: 0,
        leaf_type: None,
        bare: event.salt.is_none() && event.body.is_none(),
        at: None,
        told: None,
        in_order: None,
        refers: None,
        problems: Vec::new(),
    };
    if let Err(problem) = check_evidence(&event, &mut checked) {
        checked.problems.push(problem);
    }
    match &event.proof {
        None if partial => checked.problems.push(Problem::NoProof),
        None => {}
        Some(proof) => {
            let proof: Option<Vec<Hash>> = proof.iter().map(|hash| decode_hash(hash)).collect();
            let tree = checkpoint.head();
            let holds = |proof: Vec<Hash>| verify_inclusion(&leaf_hash, event.index, &proof, tree);
            if !proof.is_some_and(holds) {
                checked.problems.push(Problem::Proof);
            }
        }
    }
    checked
}

/// When a record says that it was written.
#[derive(Default, Deserialize)]
struct Written<'a> {
    at: Option<&'a str>,
}

/// What the audit reads of an event's body.
#[derive(Deserialize)]
struct Body<'a> {
    at: Option<&'a str>,
    context: Option<&'a str>,
    event_id: Uuid,
    #[serde(borrow)]
    notice: Option<Notice<'a>>,
    #[serde(borrow)]
    policy: Option<Policy<'a>>,
    previous: Option<&'a str>,
    seq: Option<u32>,
    signup_id: Option<Uuid>,
    subscriber_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Notice<'a> {
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Policy<'a> {
    #[serde(borrow)]
    label: Cow<'a, str>,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
}

fn check_evidence(event: &EventLine<'_>, checked: &mut CheckedRow) -> Result<(), Problem> {
    let head = LeafHead::read(&event.leaf).ok_or(Problem::Leaf)?;
    checked.version = head.version;
    checked.leaf_type = Some(head.leaf_type);
    let (salt, body) = match (&event.salt, event.body) {
        (Some(salt), Some(body)) => (salt, body),
        _ if head.event_type().is_none() => return Err(Problem::BareRecord),
        (None, None) => return Ok(()),
        _ => return Err(Problem::HalfErased),
    };
    let salt = decode_salt(salt).ok_or(Problem::Salt)?;
    let body = canonical_text(body.get()).ok_or(Problem::Body)?;
    let committed = head.leaf(&salt, &body) == event.leaf;
    match head.leaf_type {
        LeafType::Record(record_type) => {
            if !committed {
                return Err(Problem::Commitment);
            }
            let told: Told = serde_json::from_str(&body).map_err(|_| Problem::Record)?;
            let resumed = record_type == RecordType::Resumed;
            let of_a_loss = told.from.is_some() || told.known.is_some();
            if told.before.is_some() != (record_type == RecordType::Adopted)
                || told.epoch.is_some() != resumed
                || (of_a_loss && !resumed)
            {
                return Err(Problem::Record);
            }
            checked.told = Some(told);
            let written: Written<'_> = serde_json::from_str(&body).unwrap_or_default();
            checked.at = written.at.and_then(whole_seconds);
            Ok(())
        }
        LeafType::Event(event_type) => {
            let evidence: Option<Body<'_>> = serde_json::from_str(&body).ok();
            // Named in a finding even where the commitment fails, for it may lead to what was changed.
            checked.row.event_id = evidence.as_ref().map(|evidence| evidence.event_id);
            if !committed {
                return Err(Problem::Commitment);
            }
            let evidence = evidence.ok_or(Problem::Evidence)?;
            checked.at = evidence.at.and_then(whole_seconds);
            checked.in_order = in_order(event_type, head.version, &evidence, checked.at);
            if head.version > 1 && checked.in_order.is_none() {
                return Err(Problem::Evidence);
            }
            if event_type == EventType::Erased {
                let emptied: Emptied =
                    serde_json::from_str(&body).map_err(|_| Problem::Evidence)?;
                if let Some(in_order) = &mut checked.in_order {
                    in_order.empties = !emptied.is_empty();
                }
                checked.told = Some(Told { emptied, ..Told::default() });
            }
            checked.refers = references(event_type, head.version, evidence)?;
            Ok(())
        }
    }
}

/// Where a body says that it stands; none where it does not say, which only one of version 1 may.
fn in_order(
    event_type: EventType,
    version: u8,
    body: &Body<'_>,
    at: Option<i64>,
) -> Option<InOrder> {
    let subject_id = match event_type {
        EventType::Requested => body.signup_id?,
        _ => body.subscriber_id?,
    };
    if version == 1 {
        let (seq, previous, empties) = (None, None, false);
        return Some(InOrder { subject_id, event_type, seq, previous, at, empties });
    }
    let previous = match body.previous {
        Some(hash) => Some(decode_hash(hash)?),
        None => None,
    };
    let (seq, at, empties) = (Some(body.seq?), Some(at?), false);
    Some(InOrder { subject_id, event_type, seq, previous, at, empties })
}

/// The files that a body refers to; that somebody was erased is recorded without any words.
fn references(
    event_type: EventType,
    version: u8,
    body: Body<'_>,
) -> Result<Option<References>, Problem> {
    if event_type == EventType::Erased {
        let none = body.notice.is_none() && body.policy.is_none() && body.context.is_none();
        return if none { Ok(None) } else { Err(Problem::Evidence) };
    }
    match body {
        Body { context: Some(context), .. } if version > 1 && is_sha256_hex(context) => {
            Ok(Some(References::Context(context.to_owned())))
        }
        Body {
            notice: Some(Notice { sha256, text: Some(text) }), policy: Some(policy), ..
        } if version == 1 => {
            if sha256_hex(text.as_bytes()) != sha256 {
                return Err(Problem::NoticeText);
            }
            if !is_label(&policy.label) {
                return Err(Problem::PolicyLabel);
            }
            Ok(Some(References::Shown(Shown {
                form: None,
                notice_sha256: sha256.into_owned(),
                policy_label: policy.label.into_owned(),
                policy_sha256: policy.sha256.into_owned(),
            })))
        }
        _ => Err(Problem::Evidence),
    }
}
