//! What waits gets its place in the tree, in order, and the new head of the tree is signed.

use std::collections::BTreeMap;

use assent_ledger::note::Checkpoint;
use assent_ledger::tree::{Frontier, Hash, TILE_HEIGHT, TILE_WIDTH, empty_root, leaf_hash};
use uuid::Uuid;

use crate::domain::consent::evidence_key::{EventFields, EvidenceKey};
use crate::flows::ledger::chain_claims::chain_claims;
use crate::flows::ledger::keep_record::is_our_record;
use crate::flows::ledger::tree_nodes;
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::ledger::checkpoints::{StoredCheckpoint, Unsealed};
use crate::store::ledger::epochs::LedgerPlace;
use crate::store::ledger::records::NewRecord;
use crate::store::ledger::{adoptions, checkpoints, epochs, records};

/// How many events one transaction seals.
const AT_ONCE: usize = 4096;

/// How many are read at once.
const PAGE: i64 = 4096;

/// How far sealing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Sealed {
    /// Some events have their place under a head, which is kept outside once this is committed.
    Some,
    /// Nothing waits.
    Nothing,
    /// The newest head is not kept outside yet: that comes first.
    Unkept,
}

/// Leaves that get their places now, in this order.
#[derive(Default)]
struct Waiting {
    hashes: Vec<Hash>,
    events: Vec<Uuid>,
    records: Vec<Uuid>,
}

/// Seals up to [`AT_ONCE`] events and as many records under one signed head. Rows
/// without our MAC stay where they are: somebody else wrote them. Whoever seals locks the head, so places are
/// given by one at a time; events are appended meanwhile by anybody. Call it again until nothing waits.
///
/// # Errors
/// When the database does not take it, or its tree does not hold together; then nothing is sealed.
pub async fn seal(tx: &mut Tx, at: &Moment, settings: &FlowSettings) -> Result<Sealed, Error> {
    seal_up_to(tx, at, settings, AT_ONCE).await
}

/// Seals all events that wait under one signed head, and behind them the records.
///
/// # Errors
/// As [`seal`].
pub async fn seal_all_at_once(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
) -> Result<Sealed, Error> {
    seal_up_to(tx, at, settings, usize::MAX).await
}

async fn seal_up_to(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    most: usize,
) -> Result<Sealed, Error> {
    checkpoints::lock_size(tx).await?;
    // What earlier versions wrote is adopted first.
    if !adoptions::is_adopted(tx).await? {
        return Ok(Sealed::Nothing);
    }
    // One after the other is kept outside: who goes on from a head that is not would leave a gap there.
    let place = epochs::find_place(tx).await?;
    if place.size > place.kept.unwrap_or(0).max(place.from_size) {
        return Ok(Sealed::Unkept);
    }
    chain_claims(tx, at, settings).await?;
    let waiting = list_waiting(tx, settings, most).await?;
    if waiting.hashes.is_empty() {
        return Ok(Sealed::Nothing);
    }
    give_places(tx, settings.at(at), &place, &waiting).await?;
    Ok(Sealed::Some)
}

/// Seals this record before all that waits, under a head of its own: the first leaf of an epoch. Whoever calls
/// holds the lock on the head.
///
/// # Errors
/// As [`seal`].
pub async fn seal_first(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    record: &NewRecord,
) -> Result<(), Error> {
    let place = epochs::find_place(tx).await?;
    let hashes = vec![leaf_hash(record.leaf.as_bytes())];
    let waiting = Waiting { hashes, events: vec![], records: vec![record.record_id] };
    give_places(tx, settings.at(at), &place, &waiting).await
}

async fn give_places(
    tx: &mut Tx,
    Case { at, settings }: Case<'_>,
    place: &LedgerPlace,
    waiting: &Waiting,
) -> Result<(), Error> {
    let first = place.size;
    let mut tree = tree_nodes::frontier(tx, u64::try_from(first).map_err(|_| Error::Tree)?).await?;
    // What was tampered with is never signed: the tree must still be the one under the newest head.
    let newest = checkpoints::find_newest(tx).await?;
    let (previous, root) = newest.map_or((0, empty_root().to_vec()), |head| (head.size, head.root));
    if previous != first || root != tree.root() {
        return Err(Error::Tree);
    }
    append(tx, &mut tree, &waiting.hashes).await?;
    let sealed = checkpoints::mark_sealed(tx, first, &waiting.events, &waiting.records).await;
    let sealed = sealed.map_err(|error| match error.as_database_error() {
        // Somebody moved the head back, and these places are taken.
        Some(refused) if refused.is_unique_violation() => Error::Tree,
        _ => error.into(),
    })?;
    if usize::try_from(sealed) != Ok(waiting.hashes.len()) {
        return Err(Error::Tree);
    }
    let (size, root) = (tree.size(), tree.root());
    let origin = place.epoch.name(settings.ledger_keys.origin());
    let keys = settings.ledger_keys.signing_in(place.epoch).map_err(|_| Error::Tree)?;
    let note = Checkpoint { origin, size, root }.sign(&keys);
    let checkpoint = StoredCheckpoint {
        size: i64::try_from(size).map_err(|_| Error::Tree)?,
        root: root.to_vec(),
        mac: Some(settings.evidence_key.head(&note, previous).to_vec()),
        note,
        created_at: at.now,
        previous: Some(previous),
    };
    Ok(checkpoints::insert(tx, &checkpoint).await?)
}

/// The leaves that wait and are ours: events by their order, and behind them records, so that what empties
/// events stands behind them.
async fn list_waiting(tx: &mut Tx, settings: &FlowSettings, most: usize) -> Result<Waiting, Error> {
    let mut waiting = Waiting::default();
    let mut last = None;
    while waiting.events.len() < most {
        let mut events = checkpoints::list_unsealed(tx, last.as_ref(), PAGE).await?;
        let space = most - waiting.events.len();
        for event in
            events.iter().filter(|event| is_ours(&settings.evidence_key, event)).take(space)
        {
            waiting.hashes.push(leaf_hash(event.leaf.as_bytes()));
            waiting.events.push(event.event_id);
        }
        last = events.pop();
        if last.is_none() {
            break;
        }
    }
    let mut after = Uuid::nil();
    while waiting.records.len() < most {
        let records = records::list_waiting(tx, after, PAGE).await?;
        let Some(last) = records.last() else { break };
        after = last.record_id;
        let space = most - waiting.records.len();
        for record in records.iter().filter(|record| is_our_record(settings, record)).take(space) {
            waiting.hashes.push(leaf_hash(record.leaf.as_bytes()));
            waiting.records.push(record.record_id);
        }
    }
    Ok(waiting)
}

/// Whether this program wrote an event that waits.
pub(in crate::flows) fn is_ours(key: &EvidenceKey, event: &Unsealed) -> bool {
    let Unsealed { event_id, subject_id, seq, event_type, purpose, leaf, mac } = event;
    let fields = EventFields {
        event_id: *event_id,
        subject_id: *subject_id,
        seq: *seq,
        event_type: *event_type,
        purpose,
        leaf,
    };
    EvidenceKey::agrees(mac.as_deref(), &key.event(&fields))
}

/// Hashes of new leaves, into the tiles.
async fn append(tx: &mut Tx, tree: &mut Frontier, hashes: &[Hash]) -> Result<(), Error> {
    let mut entries: BTreeMap<(u8, u64), Vec<u8>> = BTreeMap::new();
    for hash in hashes {
        tree.push_reporting(*hash, |node, hash| {
            if node.level % TILE_HEIGHT == 0 {
                let tile = (node.level / TILE_HEIGHT, node.index / u64::from(TILE_WIDTH));
                entries.entry(tile).or_default().extend(hash);
            }
        });
    }
    for ((level, tile), added) in entries {
        let width = u64::from(TILE_WIDTH);
        let filled = (tree.size() >> (level * TILE_HEIGHT)) - tile * width;
        let (level, tile) = (i64::from(level), i64::try_from(tile).map_err(|_| Error::Tree)?);
        let mut hashes = checkpoints::find_tile(tx, level, tile).await?.unwrap_or_default();
        hashes.extend(added);
        if hashes.as_chunks::<32>().0.len() as u64 != filled.min(width) {
            return Err(Error::Tree);
        }
        checkpoints::upsert_tile(tx, level, tile, &hashes).await?;
    }
    Ok(())
}
