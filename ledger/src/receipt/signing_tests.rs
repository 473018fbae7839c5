//! What is given out as a receipt: nothing that its reader would refuse.

use serde_json::json;

use super::sample_tests::{Sample, key};
use super::{Proof, ReceiptError as E, ReceiptFacts, sign};
use crate::note::Checkpoint;

/// What is said once something of a sound event was changed where it is stored.
fn refused(change: impl FnOnce(&mut Sample)) -> E {
    let mut sample = Sample::given();
    let stored = sample.clone();
    change(&mut sample);
    // The leaf stays what it was made of.
    stored.with_facts(|facts| {
        let changed = ReceiptFacts {
            body: &sample.body,
            context: sample.context.as_ref(),
            documents: sample.documents,
            ..*facts
        };
        sign(&changed, &key(1), &[key(1).vkey()]).unwrap_err()
    })
}

#[test]
fn what_the_leaf_does_not_commit_to_is_not_signed() {
    let body = refused(|sample| sample.body["email"] = json!("eve@example.org"));
    assert!(matches!(body, E::Commitment), "{body}");
    let context = refused(|sample| {
        sample.context.as_mut().unwrap()["purpose"] = json!("newsletter:daily");
    });
    assert!(matches!(context, E::Context), "{context}");
    let gone = refused(|sample| sample.context = None);
    assert!(matches!(gone, E::Context), "{gone}");
    for (name, error) in [
        ("notice", refused(|sample| sample.documents.notice = Some("I agree to more."))),
        ("policy", refused(|sample| sample.documents.policy = Some("# We sell it"))),
        ("form", refused(|sample| sample.documents.form = None)),
    ] {
        assert!(matches!(error, E::Document(which) if which == name), "{name}: {error}");
    }
}

/// Body, salt and leaf fit each other, as whoever writes the database can make them.
#[test]
fn a_leaf_that_the_signed_head_does_not_cover_is_not_signed() {
    let mut made_up = Sample::given();
    made_up.body["email"] = json!("eve@example.org");
    let error = Sample::given().with_facts(|sealed| {
        made_up.with_facts(|facts| {
            let facts = ReceiptFacts { proof: sealed.proof, ..*facts };
            sign(&facts, &key(1), &[key(1).vkey()]).unwrap_err()
        })
    });
    assert!(matches!(error, E::Inclusion), "{error}");
}

#[test]
fn a_head_that_nobody_known_signed_is_not_passed_on() {
    let error = Sample::given().with_facts(|facts| {
        let origin = "example.org/ledger".to_owned();
        let head = Checkpoint { origin, size: facts.proof.size, root: facts.proof.root };
        let note = head.sign(&[key(2)]);
        let facts =
            ReceiptFacts { proof: Proof { checkpoint_note: &note, ..facts.proof }, ..*facts };
        sign(&facts, &key(1), &[key(1).vkey()]).unwrap_err()
    });
    assert!(matches!(error, E::CheckpointSignature), "{error}");
}
