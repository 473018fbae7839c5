//! A promise, checked on the command line: what it says, and whether it was kept.

use std::path::Path;
use std::slice;

use super::print_findings::print_findings;
use super::refusal::AuditRefusal;
use crate::audit::{Known, audit};
use crate::epoch::Epoch;
use crate::jws;
use crate::note::VerifyingKey;
use crate::promise::{self, Promise};
use crate::receipt::{self, Verified};
use crate::text_file::read_text;
use crate::witnesses::Witnesses;

/// What a promise is held against.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'a> {
    /// A receipt of the event.
    pub receipt: Option<&'a Path>,
    /// A bundle of the ledger.
    pub bundle: Option<&'a Path>,
    /// Who must have signed the checkpoint of either.
    pub witnesses: Option<&'a Witnesses>,
}

/// The promises of a file, each a line without spaces: other lines say what the file is. None where none of them says
/// that it is a promise; else all are taken for such, so that a damaged one is not passed over.
pub(super) fn promises_in(text: &str) -> Option<Vec<&str>> {
    let signed: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains(char::is_whitespace))
        .collect();
    let is_promise = |line: &&str| jws::declared_type(line).as_deref() == Some(promise::TYPE);
    signed.iter().any(is_promise).then_some(signed)
}

/// Checks each of these promises, prints what it says, and holds it against what there is. Of several, a receipt is of
/// one; the others are held against the bundle alone.
pub(super) fn check(
    texts: &[&str],
    key: &VerifyingKey,
    evidence: &Evidence<'_>,
) -> Result<(), AuditRefusal> {
    let mut told = vec![];
    for text in texts {
        let promise = Promise::verify(text, slice::from_ref(key))?;
        println!("{:#}", serde_json::json!(promise));
        let held = match hold(&promise, key, evidence) {
            Err(AuditRefusal::OtherReceipt) if texts.len() > 1 => {
                // Without a checkpoint there is nothing for witnesses to have signed.
                let witnesses = evidence.witnesses.filter(|_| evidence.bundle.is_some());
                let bundle_alone = Evidence { receipt: None, witnesses, ..*evidence };
                hold(&promise, key, &bundle_alone)?;
                bundle_alone
            }
            held => held.map(|()| *evidence)?,
        };
        told.push((promise, held));
    }
    if evidence.receipt.is_some() && told.iter().all(|(_, held)| held.receipt.is_none()) {
        return Err(AuditRefusal::OtherReceipt);
    }
    for (promise, held) in &told {
        tell(promise, held);
    }
    Ok(())
}

fn hold(
    promise: &Promise,
    key: &VerifyingKey,
    evidence: &Evidence<'_>,
) -> Result<(), AuditRefusal> {
    let Evidence { receipt, bundle, witnesses } = *evidence;
    if let Some(file) = receipt {
        by_receipt(promise, key, file, witnesses)?;
    }
    if let Some(bundle) = bundle {
        by_bundle(promise, key, bundle, witnesses)?;
    }
    let alone = receipt.is_none() && bundle.is_none();
    if alone && witnesses.is_some() { Err(AuditRefusal::NoCheckpoint) } else { Ok(()) }
}

/// What a promise comes to that holds against this.
fn tell(promise: &Promise, held: &Evidence<'_>) {
    let (id, due) = (promise.event_id, promise.due().unwrap_or_default());
    if held.receipt.is_none() && held.bundle.is_none() {
        eprintln!(
            "sound: whoever holds this key promised that the ledger holds the event {id} by {due}. That it does is not \
             proved by this: after that time, hold it against a bundle (--bundle DIR) or a receipt of the event \
             (--receipt FILE)"
        );
    } else {
        eprintln!(
            "sound: promised under this key for {due}, and kept: the ledger holds the event {id}. At which time it came \
             there is not proved"
        );
    }
}

/// The receipt is of the same event and leaf, of the same ledger.
fn by_receipt(
    promise: &Promise,
    key: &VerifyingKey,
    file: &Path,
    witnesses: Option<&Witnesses>,
) -> Result<(), AuditRefusal> {
    let text = read_text(file)?;
    let Verified { payload, head, .. } = receipt::verify(text.trim(), slice::from_ref(key))?;
    let ledger = &payload["ledger"];
    let same = ledger["leaf"] == promise.leaf.as_str()
        && ledger["body"]["event_id"] == promise.event_id.to_string()
        && head.is_of(key)
        && Epoch::is_same_ledger(&head.checkpoint().origin, &promise.origin);
    if !same {
        return Err(AuditRefusal::OtherReceipt);
    }
    match witnesses.map(|witnesses| witnesses.look_at(&head)) {
        None => Ok(()),
        Some(seen) => {
            eprintln!("{seen}");
            if seen.is_enough() { Ok(()) } else { Err(AuditRefusal::Unwitnessed) }
        }
    }
}

/// The bundle is sound, and has the leaf.
fn by_bundle(
    promise: &Promise,
    key: &VerifyingKey,
    bundle: &Path,
    witnesses: Option<&Witnesses>,
) -> Result<(), AuditRefusal> {
    let leaf = Some(promise.leaf_hash());
    let report = audit(bundle, Known { key: Some(key), leaf, witnesses, ..Known::default() })?;
    if let Some(seen) = &report.witnessed {
        eprintln!("{seen}");
    }
    if !report.is_sound() {
        print_findings(&report);
        return Err(AuditRefusal::NotProvedKept);
    }
    let Some(row) = report.found else {
        let due = promise.due().unwrap_or_default();
        return Err(if report.partial {
            AuditRefusal::NotInPart
        } else {
            AuditRefusal::NotKept { due }
        });
    };
    match row.event_id {
        Some(event_id) if event_id != promise.event_id => Err(AuditRefusal::OtherEvent(event_id)),
        Some(_) => Ok(()),
        None => {
            eprintln!("the event has been emptied since: only its leaf is left, {row}");
            Ok(())
        }
    }
}
