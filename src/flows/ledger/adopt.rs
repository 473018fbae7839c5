//! What earlier versions wrote is adopted, once: rows get their MACs, and the ledger records up to where that is
//! the operator's word. Only what stands under a signed head is: a MAC for anything else would be one for whoever
//! holds the database.

use assent_ledger::leaf::{LeafHead, LeafType};
use assent_ledger::record::RecordType;
use assent_ledger::tree::{Frontier, leaf_hash};
use uuid::Uuid;

use crate::clock::Clock;
use crate::domain::consent::evidence_key::{ConsentFields, EventFields};
use crate::domain::ledger::record::Adoption;
use crate::flows::ledger::compare_heads::keep_newest;
use crate::flows::ledger::keep_record::{emptied_by, new_record};
use crate::flows::ledger::seal::{Sealed, is_ours, seal_all_at_once};
use crate::flows::{Error, FlowSettings};
use crate::outside::Head;
use crate::random::{Moment, Random};
use crate::store::ledger::adoptions::{self, ConsentMac, IdMac, UnmarkedSubscriber};
use crate::store::ledger::{checkpoints, records};
use crate::store::signup::signups;
use crate::store::signup::signups::Signup;
use crate::store::{Db, Tx};

/// How many rows one transaction marks.
const AT_ONCE: i64 = 2000;

/// Adopts what is there, unless that was done before: a new ledger adopts nothing, and says so. Returns how many
/// events were adopted. Rows without a MAC that come later are never ours.
///
/// # Errors
/// [`Error::Unsealed`] while events wait that this version did not write, [`Error::Tree`] when the tree is not the one
/// that was signed, and when the database does not take it: nothing of that is adopted.
pub async fn adopt(
    db: &Db,
    settings: &FlowSettings,
    clock: &Clock,
    random: &Random,
) -> Result<u64, Error> {
    let mut tx = db.read().await?;
    if adoptions::is_adopted(&mut tx).await? {
        return Ok(0);
    }
    let signed = demand_signed(&mut tx, settings).await?;
    demand_placed(&mut tx, settings, signed).await?;
    drop(tx);
    // What an earlier version signed is kept outside first.
    keep_newest(db, settings).await?;
    let mut adopted = 0;
    // Where nobody signed anything, no earlier version left anything.
    if signed > 0 {
        db.outside().take_over_erasures().await?;
        adopted = mark_events(db, settings, signed).await?;
        mark_consents(db, settings).await?;
        mark_signups(db, settings).await?;
        mark_subscribers(db, settings).await?;
    }
    let at = Moment::new(clock, random);
    let first = db.run(|tx| Box::pin(say_adopted(tx, &at, settings))).await?;
    Ok(if first { adopted } else { 0 })
}

/// Has the ledger say that it was adopted; `false` when another did: of several that start at once, one adopts.
async fn say_adopted(tx: &mut Tx, at: &Moment, settings: &FlowSettings) -> Result<bool, Error> {
    let size = checkpoints::lock_size(tx).await?;
    if adoptions::is_adopted(tx).await? {
        return Ok(false);
    }
    // What somebody put there meanwhile is nobody's.
    demand_placed(tx, settings, size).await?;
    // What waits is ours, since the program went on without adopting: its place is before the leaf that says so.
    let before = size + checkpoints::count_unsealed(tx, i64::MAX).await?;
    record(tx, at, settings, before).await?;
    // Where somebody else just sealed, it gets its place with what waits.
    let _sealed: Sealed = seal_all_at_once(tx, at, settings).await?;
    Ok(true)
}

/// Demands that what is here are the leaves under the newest signed head, and all of them. Whoever takes a leaf away,
/// or makes room for one of theirs, does not get the rest authenticated; and who takes away what an adopted ledger
/// records of itself does not have it adopted again. It may have been resumed before it was adopted. Returns how many
/// they are.
async fn demand_signed(tx: &mut Tx, settings: &FlowSettings) -> Result<i64, Error> {
    let size = checkpoints::find_size(tx).await?;
    let mut tree = Frontier::new();
    loop {
        let from = i64::try_from(tree.size()).map_err(|_| Error::Tree)?;
        let leaves = adoptions::list_leaves(tx, from, AT_ONCE).await?;
        if leaves.is_empty() {
            break;
        }
        for (place, (index, leaf)) in (from..).zip(&leaves) {
            let leaf_type = LeafHead::read(leaf).map(|head| head.leaf_type);
            let comes_before = matches!(
                leaf_type,
                Some(LeafType::Event(_) | LeafType::Record(RecordType::Resumed))
            );
            if *index != place || !comes_before {
                return Err(Error::Tree);
            }
            tree.push(leaf_hash(leaf.as_bytes()));
        }
    }
    let newest = checkpoints::find_newest(tx).await?;
    let signed = newest.and_then(|head| Head::parse(&head.note, &settings.ledger_keys));
    let covers =
        |head: Head| head.size() == tree.size() && head.note.checkpoint().root == tree.root();
    let holds = signed.map_or(tree.size() == 0, covers);
    if holds && i64::try_from(tree.size()) == Ok(size) { Ok(size) } else { Err(Error::Tree) }
}

/// Demands that no event waits for its place, but those that this version wrote behind a tree of so many leaves: it
/// may have gone on for a while without adopting. Where the tree is empty, what it wrote waits for a ledger that is
/// gone.
async fn demand_placed(tx: &mut Tx, settings: &FlowSettings, size: i64) -> Result<(), Error> {
    let waiting = checkpoints::count_unsealed(tx, i64::MAX).await?;
    let own = if size > 0 && waiting > 0 { count_own(tx, settings).await? } else { 0 };
    if waiting == own { Ok(()) } else { Err(Error::Unsealed(waiting - own)) }
}

/// How many events wait that this program wrote.
async fn count_own(tx: &mut Tx, settings: &FlowSettings) -> Result<i64, Error> {
    let (mut last, mut own) = (None, 0);
    loop {
        let mut events = checkpoints::list_unsealed(tx, last.as_ref(), AT_ONCE).await?;
        for event in &events {
            own += i64::from(is_ours(&settings.evidence_key, event));
        }
        last = events.pop();
        if last.is_none() {
            return Ok(own);
        }
    }
}

async fn mark_events(db: &Db, settings: &FlowSettings, size: i64) -> Result<u64, Error> {
    let (mut after, mut adopted) = (Uuid::nil(), 0);
    loop {
        let marked = db.run(|tx| Box::pin(mark_some_events(tx, settings, size, after)));
        let Some((last, count)) = marked.await? else { return Ok(adopted) };
        after = last;
        adopted += count;
    }
}

/// Marks the next events; the last of them, and how many; none when there are no more.
async fn mark_some_events(
    tx: &mut Tx,
    settings: &FlowSettings,
    size: i64,
    after: Uuid,
) -> Result<Option<(Uuid, u64)>, Error> {
    let events = adoptions::list_events(tx, size, after, AT_ONCE).await?;
    let Some(last) = events.last() else { return Ok(None) };
    let mac = |event: &adoptions::UnmarkedEvent| IdMac {
        id: event.event_id,
        mac: settings.evidence_key.event(&EventFields {
            event_id: event.event_id,
            subject_id: event.subject_id,
            seq: event.seq,
            event_type: event.event_type,
            purpose: &event.purpose,
            leaf: &event.leaf,
        }),
    };
    adoptions::mark_events(tx, &events.iter().map(mac).collect::<Vec<_>>()).await?;
    Ok(Some((last.event_id, events.len() as u64)))
}

async fn mark_signups(db: &Db, settings: &FlowSettings) -> Result<(), Error> {
    let mut next = Some(Uuid::nil());
    while let Some(after) = next {
        next = db.run(|tx| Box::pin(mark_some_signups(tx, settings, after))).await?;
    }
    Ok(())
}

async fn mark_some_signups(
    tx: &mut Tx,
    settings: &FlowSettings,
    after: Uuid,
) -> Result<Option<Uuid>, Error> {
    let signups = signups::list_unmarked(tx, after, AT_ONCE).await?;
    let mac = |signup: &Signup<String>| IdMac {
        id: signup.signup_id,
        mac: settings.evidence_key.signup(&signup.fields()),
    };
    let macs: Vec<IdMac> = signups.iter().map(mac).collect();
    if !macs.is_empty() {
        adoptions::mark_signups(tx, &macs).await?;
    }
    Ok(signups.last().map(|last| last.signup_id))
}

async fn mark_subscribers(db: &Db, settings: &FlowSettings) -> Result<(), Error> {
    let mut next = Some(Uuid::nil());
    while let Some(after) = next {
        next = db.run(|tx| Box::pin(mark_some_subscribers(tx, settings, after))).await?;
    }
    Ok(())
}

async fn mark_some_subscribers(
    tx: &mut Tx,
    settings: &FlowSettings,
    after: Uuid,
) -> Result<Option<Uuid>, Error> {
    let subscribers = adoptions::list_unmarked_subscribers(tx, after, AT_ONCE).await?;
    let mac = |subscriber: &UnmarkedSubscriber| IdMac {
        id: subscriber.subscriber_id,
        mac: settings.evidence_key.subscriber(subscriber.subscriber_id, &subscriber.address_key),
    };
    let macs: Vec<IdMac> = subscribers.iter().map(mac).collect();
    if !macs.is_empty() {
        adoptions::mark_subscribers(tx, &macs).await?;
    }
    Ok(subscribers.last().map(|last| last.subscriber_id))
}

async fn mark_consents(db: &Db, settings: &FlowSettings) -> Result<(), Error> {
    let mut next = Some((Uuid::nil(), String::new()));
    while let Some(after) = next {
        next = db.run(|tx| Box::pin(mark_some_consents(tx, settings, &after))).await?;
    }
    Ok(())
}

async fn mark_some_consents(
    tx: &mut Tx,
    settings: &FlowSettings,
    after: &(Uuid, String),
) -> Result<Option<(Uuid, String)>, Error> {
    let consents = adoptions::list_consents(tx, after, AT_ONCE).await?;
    let mac = |consent: &adoptions::UnmarkedConsent| ConsentMac {
        subscriber_id: consent.subscriber_id,
        purpose: consent.purpose.clone(),
        event_id: consent.event_id,
        mac: settings.evidence_key.consent(&ConsentFields {
            subscriber_id: consent.subscriber_id,
            address_key: &consent.address_key,
            purpose: &consent.purpose,
            state: consent.state,
            event_id: consent.event_id,
            seq: consent.seq,
            notice_sha256: &consent.notice_sha256,
            policy_label: &consent.policy_label,
            report_id: consent.report_id,
            source: &consent.source,
            requested_at: consent.requested_at,
            confirmed_at: consent.confirmed_at,
        }),
    };
    let macs: Vec<ConsentMac> = consents.iter().map(mac).collect();
    if !macs.is_empty() {
        adoptions::mark_consents(tx, &macs).await?;
    }
    Ok(consents.last().map(|last| (last.subscriber_id, last.purpose.to_string())))
}

async fn record(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    before: i64,
) -> Result<(), Error> {
    let emptied = emptied_by(&adoptions::list_bare(tx).await?);
    let record_id = at.new_id();
    let before = u64::try_from(before).map_err(|_| Error::Tree)?;
    let body = Adoption { at: at.now, emptied, before, record_id };
    let record = new_record(at, settings, (record_id, RecordType::Adopted), &body)?;
    Ok(records::append(tx, &record).await?)
}
