//! The ledger goes on after a loss, in an epoch of its own.

use std::collections::HashSet;

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::{Checkpoint, encode_hash};
use assent_ledger::record::{NamedHead, RecordType};
use serde_json::json;

use crate::domain::ledger::record::Resumption;
use crate::domain::staff::action::Action;
use crate::flows::ledger::keep_record::new_record;
use crate::flows::ledger::seal::seal_first;
use crate::flows::{Act, Error, FlowSettings};
use crate::outside::Head;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::ledger::{checkpoints, epochs, records};

/// Begins the next epoch, later than any that is known: leaves and their places go on from here, and heads are
/// signed under the new name. Its first leaf names the head gone on from and `known`, the newest head known
/// outside, if one is left.
///
/// # Errors
/// When the database does not take it, or its tree does not hold together.
pub async fn resume_ledger(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    known: Option<&Head>,
) -> Result<Epoch, Error> {
    // Nobody gives places meanwhile.
    checkpoints::lock_size(tx).await?;
    let newest = checkpoints::find_newest(tx).await?;
    let from = newest.map(|newest| own_head(&newest, &settings.ledger_keys)).transpose()?;
    let signed = from.iter().chain(known).map(|head| head.epoch).max();
    let taken = epochs::list(tx).await?.into_iter().map(|resumed| resumed.epoch).collect();
    let epoch = next_free(signed.unwrap_or(Epoch::FIRST), &taken).ok_or(Error::Tree)?;
    let from = from.map(|head| named(head.note.checkpoint()));
    epochs::insert(tx, act.at.now, epoch, known.map(|known| known.note.as_str())).await?;
    let record_id = act.at.new_id();
    let body = Resumption {
        at: act.at.now,
        epoch: epoch.name(settings.ledger_keys.origin()),
        from,
        known: known.map(|known| named(known.note.checkpoint())),
        record_id,
    };
    let record = new_record(&act.at, settings, (record_id, RecordType::Resumed), &body)?;
    records::append(tx, &record).await?;
    seal_first(tx, &act.at, settings, &record).await?;
    let detail = json!({"epoch": epoch.to_string(), "from": body.from, "known": body.known});
    act.audit(tx, Action::LedgerResume, &detail).await?;
    Ok(epoch)
}

/// The head that is stored, as it was signed; that it is the one of the tree, whoever seals looks at.
fn own_head(stored: &StoredCheckpoint, keys: &LedgerKeys) -> Result<Head, Error> {
    let head = Head::parse(&stored.note, keys).filter(|head| {
        i64::try_from(head.size()) == Ok(stored.size) && stored.root == head.note.checkpoint().root
    });
    head.ok_or(Error::Tree)
}

/// The first epoch behind this one that no row has. What the database says of its epoch is no more than that: rows
/// that somebody else wrote stay, and give no name.
fn next_free(signed: Epoch, taken: &HashSet<Epoch>) -> Option<Epoch> {
    let later = std::iter::successors(Some(signed.next()), |epoch| Some(epoch.next()));
    later.take(taken.len() + 1).find(|epoch| !taken.contains(epoch))
}

fn named(head: &Checkpoint) -> NamedHead {
    NamedHead { origin: head.origin.clone(), root: encode_hash(&head.root), size: head.size }
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{KeyName, SigningKey};

    use super::*;
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn rows_of_epochs_that_were_never_signed_are_passed_over() {
        let epoch = |number| Epoch::numbered(number).unwrap();
        let next = |signed, taken: &[i64]| {
            next_free(epoch(signed), &taken.iter().map(|number| epoch(*number)).collect())
        };
        assert_eq!(next(1, &[]), Some(epoch(2)));
        assert_eq!(next(1, &[2, 3, 5]), Some(epoch(4)));
        assert_eq!(next(2, &[i64::MAX]), Some(epoch(3)));
        assert_eq!(next(i64::MAX, &[i64::MAX]), None);
    }

    #[test]
    fn a_head_counts_as_it_was_signed() {
        let name = KeyName::parse("a.example/ledger").unwrap();
        let keys = LedgerKeys::new(SigningKey::new(name.clone(), [1; 32]), vec![], vec![]);
        let head = Checkpoint { origin: "a.example/ledger".into(), size: 7, root: [9; 32] };
        let stored = StoredCheckpoint {
            size: 7,
            root: vec![9; 32],
            note: head.sign(keys.signing()),
            created_at: Timestamp::from_micros(0),
            previous: None,
            mac: None,
        };
        assert_eq!(own_head(&stored, &keys).unwrap().size(), 7);
        let forged = head.sign(&[SigningKey::new(name, [2; 32])]);
        for other in [
            StoredCheckpoint { size: 8, ..stored.clone() },
            StoredCheckpoint { root: vec![8; 32], ..stored.clone() },
            StoredCheckpoint { note: forged, ..stored.clone() },
            StoredCheckpoint { note: String::new(), ..stored },
        ] {
            assert!(matches!(own_head(&other, &keys), Err(Error::Tree)), "{other:?}");
        }
    }
}
