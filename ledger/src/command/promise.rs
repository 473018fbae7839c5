//! A promise, checked on the command line: what it says, and whether it was kept.

use std::path::Path;
use std::slice;

use super::print_findings::print_findings;
use super::refusal::AuditRefusal;
use super::witness_arguments::look_at_head;
use crate::audit::{Found, Known, audit};
use crate::epoch::Epoch;
use crate::jws;
use crate::moment::{whole_seconds, written};
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

/// Where a promised leaf was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub index: u64,
    pub size: u64,
    /// Whether somebody can see that it is of the promised event: not where nothing but the leaf is left.
    pub is_of_event: bool,
}

/// Checks each of these promises, prints what it says, and holds it against what there is. Of several, a receipt is of
/// one; the others are held against the bundle alone.
pub(super) fn check(
    texts: &[&str],
    key: &VerifyingKey,
    evidence: &Evidence<'_>,
) -> Result<(), AuditRefusal> {
    let (mut told, mut of_receipt) = (vec![], false);
    for text in texts {
        let promise = Promise::verify(text, slice::from_ref(key))?;
        println!("{:#}", serde_json::json!(promise));
        let seen = match hold(&promise, key, evidence) {
            Err(AuditRefusal::OtherReceipt) if texts.len() > 1 => {
                // Without a checkpoint there is nothing for witnesses to have signed.
                let witnesses = evidence.witnesses.filter(|_| evidence.bundle.is_some());
                hold(&promise, key, &Evidence { receipt: None, witnesses, ..*evidence })?
            }
            seen => {
                of_receipt |= evidence.receipt.is_some();
                seen?
            }
        };
        told.push((promise, seen));
    }
    if evidence.receipt.is_some() && !of_receipt {
        return Err(AuditRefusal::OtherReceipt);
    }
    for (promise, seen) in &told {
        eprintln!("{}", words(promise, *seen));
    }
    Ok(())
}

/// Where the leaf was seen; nowhere, if there is nothing to see it in.
pub(super) fn hold(
    promise: &Promise,
    key: &VerifyingKey,
    evidence: &Evidence<'_>,
) -> Result<Option<Seen>, AuditRefusal> {
    let Evidence { receipt, bundle, witnesses } = *evidence;
    let by_receipt = receipt.map(|file| by_receipt(promise, key, file, witnesses)).transpose()?;
    let by_bundle = bundle.map(|dir| by_bundle(promise, key, dir, witnesses)).transpose()?;
    match (by_receipt, by_bundle) {
        (None, None) if witnesses.is_some() => Err(AuditRefusal::NoCheckpoint),
        // A receipt shows of which event the leaf is, also once the ledger has nothing else of it.
        (Some(shown), Some(seen)) => Ok(Some(Seen { is_of_event: shown.is_of_event, ..seen })),
        (seen, None) | (None, seen) => Ok(seen),
    }
}

/// What a promise comes to that holds against this.
pub(super) fn words(promise: &Promise, seen: Option<Seen>) -> String {
    let (id, due) = (promise.event_id, promise.due().unwrap_or_default());
    match seen {
        None => format!(
            "sound: whoever holds this key promised that the ledger holds the event {id} by {due}. That it does is not \
             proved by this: after that time, hold it against a bundle (--bundle DIR) or a receipt of the event \
             (--receipt FILE)"
        ),
        Some(Seen { index, size, is_of_event: true }) => format!(
            "sound: promised under this key for {due}, and kept: the ledger holds the event {id}, at index {index} of \
             {size}. At which time it came there is not proved"
        ),
        Some(Seen { index, size, is_of_event: false }) => format!(
            "sound: promised under this key for {due}. The leaf that was promised is in the ledger, at index {index} of \
             {size}, and was emptied since: that it is of the event {id} is not proved by this. A receipt of the event \
             shows it (--receipt FILE)"
        ),
    }
}

/// The receipt is of the same event and leaf, of the same ledger.
fn by_receipt(
    promise: &Promise,
    key: &VerifyingKey,
    file: &Path,
    witnesses: Option<&Witnesses>,
) -> Result<Seen, AuditRefusal> {
    let text = read_text(file)?;
    let Verified { payload, head, .. } =
        receipt::verify(&jws::unbroken(&text), slice::from_ref(key))?;
    let ledger = &payload["ledger"];
    let same = ledger["leaf"] == promise.leaf.as_str()
        && ledger["body"]["event_id"] == promise.event_id.to_string()
        && Epoch::is_same_ledger(&head.checkpoint().origin, &promise.origin);
    if !same {
        return Err(AuditRefusal::OtherReceipt);
    }
    look_at_head(witnesses, &head)?;
    let index = ledger["index"].as_u64().unwrap_or_default();
    Ok(Seen { index, size: head.checkpoint().size, is_of_event: true })
}

/// The bundle is sound, and has the leaf.
fn by_bundle(
    promise: &Promise,
    key: &VerifyingKey,
    bundle: &Path,
    witnesses: Option<&Witnesses>,
) -> Result<Seen, AuditRefusal> {
    let leaf = Some(promise.leaf_hash());
    let report = audit(bundle, Known { key: Some(key), leaf, witnesses, ..Known::default() })?;
    if let Some(seen) = &report.witnessed {
        eprintln!("{seen}");
    }
    if !report.is_sound() {
        print_findings(&report);
        return Err(AuditRefusal::NotProvedKept);
    }
    let Some(Found { row, bare, emptied_at }) = report.found else {
        return Err(if report.partial {
            AuditRefusal::NotInPart
        } else {
            AuditRefusal::NotKept { due: promise.due().unwrap_or_default() }
        });
    };
    if let Some(event_id) = row.event_id.filter(|event_id| *event_id != promise.event_id) {
        return Err(AuditRefusal::OtherEvent(event_id));
    }
    // Nobody promises what was emptied already: it was somebody else's.
    let promised_at = whole_seconds(&promise.at).unwrap_or(i64::MIN);
    if let Some(at) = emptied_at.filter(|at| bare && *at < promised_at.saturating_sub(1)) {
        return Err(AuditRefusal::EmptiedBefore { at: written(at) });
    }
    Ok(Seen { index: row.index.unwrap_or_default(), size: report.size, is_of_event: !bare })
}
