//! What the ledger records of itself is committed to like any event.

use assent_ledger::leaf::{LeafHead, canonical};
use assent_ledger::note::encode_hash;
use assent_ledger::record::{Emptied, RecordType};
use assent_ledger::tree::leaf_hash;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::ledger::record::Purge;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::erasures::EmptiedEvent;
use crate::store::ledger::records::{self, NewRecord, StoredRecord};

/// A record with its leaf and its MAC; `body` names the key too.
///
/// # Errors
/// When the body has no canonical form.
pub fn new_record(
    at: &Moment,
    settings: &FlowSettings,
    (record_id, record_type): (Uuid, RecordType),
    body: &impl Serialize,
) -> serde_json::Result<NewRecord> {
    let (body, salt) = (canonical(body)?, at.new_salt());
    let leaf = LeafHead::of_record(record_type).leaf(&salt, &body);
    let mac = settings.evidence_key.record(record_id, &leaf);
    Ok(NewRecord { record_id, record_type, body, salt, leaf, mac, recorded_at: at.now })
}

/// Whether this program wrote a record: its MAC, and that its leaf commits to its body.
#[must_use]
pub fn is_our_record(settings: &FlowSettings, record: &StoredRecord) -> bool {
    has_our_mac(&settings.evidence_key, record) && is_committed(record)
}

/// Whether this program wrote a record's leaf.
pub(in crate::flows) fn has_our_mac(key: &EvidenceKey, record: &StoredRecord) -> bool {
    EvidenceKey::agrees(Some(&record.mac), &key.record(record.record_id, &record.leaf))
}

/// Whether a record's leaf commits to its body.
pub(in crate::flows) fn is_committed(record: &StoredRecord) -> bool {
    let head = LeafHead::of_record(record.record_type);
    let salt = record.salt.as_slice().try_into();
    salt.is_ok_and(|salt| head.leaf(salt, &record.body) == record.leaf)
}

/// Names what lost body and salt, so that no leaf stands bare that nobody answers for; nothing where nothing
/// did. It says no more than where they stand.
pub async fn record_purge(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    emptied: &[EmptiedEvent],
) -> Result<(), Error> {
    let emptied = emptied_by(emptied);
    if emptied.is_empty() {
        return Ok(());
    }
    let record_id = at.new_id();
    let body = Purge { at: at.now, emptied: &emptied, record_id };
    let record = new_record(at, settings, (record_id, RecordType::Purged), &body)?;
    Ok(records::append(tx, &record).await?)
}

/// Events that were emptied, as bodies name them.
#[must_use]
pub fn emptied_by(events: &[EmptiedEvent]) -> Emptied {
    let place = |event: &EmptiedEvent| event.leaf_index.and_then(|index| u64::try_from(index).ok());
    let waiting = events.iter().filter(|event| place(event).is_none());
    let waiting = waiting.map(|event| encode_hash(&leaf_hash(event.leaf.as_bytes()))).collect();
    Emptied::new(events.iter().filter_map(place).collect(), waiting)
}
