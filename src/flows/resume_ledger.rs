//! The ledger goes on after a loss, in an epoch of its own.

use serde_json::json;

use super::keep_record::new_record;
use super::seal::seal_first;
use super::{Error, Terms};
use crate::domain::action::Action;
use crate::domain::ledger_record::{NamedHead, RecordType, Resumption};
use crate::ledger::epoch::Epoch;
use crate::ledger::note::{Checkpoint, SignedNote, encode_hash};
use crate::outside::Head;
use crate::random::Moment;
use crate::store::{Tx, audit_entries, checkpoints, ledger_epochs, ledger_records};

/// Begins the next epoch, later than any that is known: leaves and their places go on from here, and heads are
/// signed under the new name. Its first leaf names the head gone on from and `known`, the newest head known
/// outside, if one is left.
///
/// # Errors
/// When the database does not take it, or its tree does not hold together.
pub async fn resume_ledger(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    actor: &str,
    known: Option<&Head>,
) -> Result<Epoch, Error> {
    // Nobody gives places meanwhile.
    checkpoints::lock_size(tx).await?;
    let present = ledger_epochs::find_place(tx).await?.epoch;
    let epoch = known.map_or(present, |known| known.epoch.max(present)).next();
    let newest = checkpoints::find_newest(tx).await?;
    let from = match newest.map(|newest| SignedNote::parse(&newest.note)).transpose() {
        Ok(note) => note.map(|note| named(note.checkpoint())),
        Err(_) => return Err(Error::Tree),
    };
    ledger_epochs::insert(tx, at.now, epoch, known.map(|known| known.note.as_str())).await?;
    let record_id = at.new_id();
    let body = Resumption {
        at: at.now,
        epoch: epoch.name(terms.ledger_keys.origin()),
        from,
        known: known.map(|known| named(known.note.checkpoint())),
        record_id,
    };
    let record = new_record(at, terms, (record_id, RecordType::Resumed), &body)?;
    ledger_records::append(tx, &record).await?;
    seal_first(tx, at, terms, &record).await?;
    let detail = json!({"epoch": epoch.to_string(), "from": body.from, "known": body.known});
    audit_entries::append(tx, at, actor, Action::LedgerResume, &detail).await?;
    Ok(epoch)
}

fn named(head: &Checkpoint) -> NamedHead {
    NamedHead { origin: head.origin.clone(), root: encode_hash(&head.root), size: head.size }
}
