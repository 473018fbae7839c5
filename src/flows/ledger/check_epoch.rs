//! Whether the ledger itself says that it went on after a loss: a row that says so is anybody's who holds the database.

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::record::RecordType;
use assent_ledger::tree::{Node, leaf_hash};
use serde::Deserialize;

use crate::flows::Error;
use crate::flows::ledger::keep_record::is_committed;
use crate::flows::ledger::tree_nodes;
use crate::store::Tx;
use crate::store::ledger::epochs::LedgerPlace;
use crate::store::ledger::records;
use crate::store::ledger::records::StoredRecord;

/// What a `resumed` record says of itself.
#[derive(Deserialize)]
struct Named {
    epoch: String,
}

/// Whether a `resumed` leaf stands where the present epoch begins, and names it; that a head was signed in it, whoever
/// asks looks at. A ledger that never went on needs none.
pub(in crate::flows) async fn is_said(
    tx: &mut Tx,
    keys: &LedgerKeys,
    place: &LedgerPlace,
) -> Result<bool, Error> {
    if place.epoch == Epoch::FIRST {
        return Ok(true);
    }
    let from = place.from_size;
    let records = records::list_sealed(tx, from, from.saturating_add(1)).await?;
    let name = place.epoch.name(keys.origin());
    let Some(record) = records.iter().find(|record| says(record, &name)) else { return Ok(false) };
    let Ok(index) = u64::try_from(from) else { return Ok(false) };
    match tree_nodes::read(tx, &[Node { level: 0, index }]).await {
        Ok(stored) => Ok(stored == [leaf_hash(record.leaf.as_bytes())]),
        Err(Error::Tree) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a record says that the ledger went on under this name.
fn says(record: &StoredRecord, name: &str) -> bool {
    let named = serde_json::from_str(&record.body).is_ok_and(|named: Named| named.epoch == name);
    record.record_type == RecordType::Resumed && is_committed(record) && named
}

#[cfg(test)]
mod tests {
    use assent_ledger::leaf::LeafHead;

    use super::*;
    use crate::domain::timestamp::Timestamp;

    fn record(record_type: RecordType, body: &str) -> StoredRecord {
        let salt = [1; 32];
        StoredRecord {
            record_id: uuid::Uuid::nil(),
            record_type,
            body: body.to_owned(),
            leaf: LeafHead::of_record(record_type).leaf(&salt, body),
            salt: salt.to_vec(),
            leaf_index: Some(5),
            mac: vec![],
            recorded_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn only_a_record_that_names_the_epoch_says_it() {
        let body = r#"{"at":"now","epoch":"a.example/ledger/r2"}"#;
        let resumed = record(RecordType::Resumed, body);
        assert!(says(&resumed, "a.example/ledger/r2"));
        assert!(!says(&resumed, "a.example/ledger/r3"));
        assert!(!says(&resumed, "b.example/ledger/r2"));
        assert!(!says(&record(RecordType::Recorded, body), "a.example/ledger/r2"));
        for other in ["", "{}", "null", r#"{"epoch":2}"#] {
            let other = StoredRecord { body: other.to_owned(), ..resumed.clone() };
            assert!(!says(&other, "a.example/ledger/r2"), "its leaf commits to another body");
            let other = record(RecordType::Resumed, &other.body);
            assert!(!says(&other, "a.example/ledger/r2"));
        }
    }
}
