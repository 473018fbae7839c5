//! The part of an audit that looks at one row by itself, so that rows can be checked side by side.

use std::borrow::Cow;

use serde::Deserialize;
use uuid::Uuid;

use super::bundle::{EventLine, decode_salt, leaf_type};
use super::canonical::canonical_text;
use super::finding::{Problem, Row};
use super::leaf::leaf;
use super::note::{Checkpoint, decode_hash};
use super::tree::{Hash, leaf_hash, verify_inclusion};
use crate::domain::consent::EventType;
use crate::domain::notice::sha256_hex;
use crate::domain::slug::Label;

/// What one row came to.
#[derive(Debug)]
pub(super) struct CheckedRow {
    /// Which row.
    pub row: Row,
    /// The hash of its leaf; none where there is no leaf to read.
    pub leaf_hash: Option<Hash>,
    /// Whether it has only its leaf left.
    pub erased: bool,
    /// The files that its body refers to.
    pub refers: Option<References>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// The files whose content a body's hashes fix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct References {
    /// Lower-case hex SHA-256 of the words shown.
    pub notice_sha256: String,
    /// The label of the policy shown.
    pub policy_label: String,
    /// Lower-case hex SHA-256 of its text, as the body has it.
    pub policy_sha256: String,
}

impl CheckedRow {
    /// A row that cannot be read.
    pub(super) fn unreadable(line: u64, problem: Problem) -> Self {
        let row = Row { line, index: None, event_id: None };
        Self { row, leaf_hash: None, erased: false, refers: None, problems: vec![problem] }
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
        return CheckedRow::unreadable(line, Problem::Line);
    };
    let leaf_hash = leaf_hash(event.leaf.as_bytes());
    let mut checked = CheckedRow {
        row: Row { line, index: Some(event.index), event_id: None },
        leaf_hash: Some(leaf_hash),
        erased: event.salt.is_none() && event.body.is_none(),
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
            let Checkpoint { size, root, .. } = checkpoint;
            let holds =
                |proof: Vec<Hash>| verify_inclusion(&leaf_hash, event.index, *size, &proof, root);
            if !proof.is_some_and(holds) {
                checked.problems.push(Problem::Proof);
            }
        }
    }
    checked
}

/// What every body has.
#[derive(Deserialize)]
struct Body<'a> {
    event_id: Uuid,
    #[serde(borrow)]
    notice: Option<Notice<'a>>,
    #[serde(borrow)]
    policy: Option<Policy<'a>>,
}

#[derive(Deserialize)]
struct Notice<'a> {
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Policy<'a> {
    #[serde(borrow)]
    label: Cow<'a, str>,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
}

fn check_evidence(event: &EventLine<'_>, checked: &mut CheckedRow) -> Result<(), Problem> {
    let kind = leaf_type(&event.leaf).ok_or(Problem::Leaf)?;
    let (salt, body) = match (&event.salt, event.body) {
        (None, None) => return Ok(()),
        (Some(salt), Some(body)) => (salt, body),
        _ => return Err(Problem::HalfErased),
    };
    let salt = decode_salt(salt).ok_or(Problem::Salt)?;
    let body = canonical_text(body.get()).ok_or(Problem::Body)?;
    let evidence: Option<Body<'_>> = serde_json::from_str(&body).ok();
    // Named in a finding even where the commitment fails, for it may lead to what was changed.
    checked.row.event_id = evidence.as_ref().map(|evidence| evidence.event_id);
    if leaf(kind, &salt, &body) != event.leaf {
        return Err(Problem::Commitment);
    }
    match evidence {
        Some(Body { notice: Some(notice), policy: Some(policy), .. }) => {
            if sha256_hex(notice.text.as_bytes()) != notice.sha256 {
                return Err(Problem::NoticeText);
            }
            if policy.label.parse::<Label>().is_err() {
                return Err(Problem::PolicyLabel);
            }
            checked.refers = Some(References {
                notice_sha256: notice.sha256.into_owned(),
                policy_label: policy.label.into_owned(),
                policy_sha256: policy.sha256.into_owned(),
            });
            Ok(())
        }
        // That somebody was erased is recorded without any words.
        Some(Body { notice: None, policy: None, .. }) if kind == EventType::Erased => Ok(()),
        _ => Err(Problem::Evidence),
    }
}
