//! What earlier versions wrote is adopted, once: rows get their MACs, and the ledger records up to where that is
//! the operator's word.

use uuid::Uuid;

use super::keep_record::{emptied_by, new_record};
use super::seal::{Sealed, seal};
use super::standing::keep_newest;
use super::{Error, Terms};
use crate::clock::Clock;
use crate::domain::evidence_key::{ConsentFields, EventFields};
use crate::domain::ledger_record::{Adoption, RecordType};
use crate::domain::notice::hex;
use crate::random::{Moment, Random};
use crate::store::adoptions::{self, ConsentMac, EventMac};
use crate::store::{Db, Tx, checkpoints, ledger_records, verifications};

/// How many rows one transaction marks.
const AT_ONCE: i64 = 2000;

/// Adopts what is there, unless that was done before: a new ledger adopts nothing, and says so. Returns how many
/// events were adopted. Rows without a MAC that come later are never ours.
///
/// # Errors
/// When the database does not take it, or its tree is not the one that was signed: nothing of that is adopted.
pub async fn adopt(db: &Db, terms: &Terms, clock: &Clock, random: &Random) -> Result<u64, Error> {
    let mut tx = db.read().await?;
    if adoptions::has_begun(&mut tx).await? {
        return Ok(0);
    }
    let size = checkpoints::find_size(&mut tx).await?;
    // Whoever takes a leaf away does not get the rest authenticated.
    if verifications::count_sealed(&mut tx).await? != size {
        return Err(Error::Tree);
    }
    drop(tx);
    // What an earlier version signed is kept outside first.
    keep_newest(db, terms).await?;
    let adopted = mark_events(db, terms).await?;
    mark_consents(db, terms).await?;
    let mut tx = db.write().await?;
    let before = checkpoints::lock_size(&mut tx).await?;
    // Of several that start at once, one adopts.
    if adoptions::has_begun(&mut tx).await? {
        return Ok(0);
    }
    let at = Moment::of(clock, random);
    record(&mut tx, &at, terms, before).await?;
    // Where somebody else just sealed, it gets its place with what waits.
    let _sealed: Sealed = seal(&mut tx, &at, terms).await?;
    tx.commit().await?;
    Ok(adopted)
}

async fn mark_events(db: &Db, terms: &Terms) -> Result<u64, Error> {
    let (mut after, mut adopted) = (Uuid::nil(), 0);
    loop {
        let mut tx = db.write().await?;
        let events = adoptions::list_events(&mut tx, after, AT_ONCE).await?;
        let Some(last) = events.last() else { return Ok(adopted) };
        after = last.event_id;
        adopted += events.len() as u64;
        let mac = |event: &adoptions::UnmarkedEvent| EventMac {
            event_id: event.event_id,
            mac: hex(&terms.evidence_key.event(&EventFields {
                event_id: event.event_id,
                subject_id: event.subject_id,
                seq: event.seq,
                event_type: event.event_type,
                purpose: &event.purpose,
                leaf: &event.leaf,
            })),
        };
        adoptions::mark_events(&mut tx, &events.iter().map(mac).collect::<Vec<_>>()).await?;
        tx.commit().await?;
    }
}

async fn mark_consents(db: &Db, terms: &Terms) -> Result<(), Error> {
    let mut after = (Uuid::nil(), String::new());
    loop {
        let mut tx = db.write().await?;
        let consents = adoptions::list_consents(&mut tx, &after, AT_ONCE).await?;
        let Some(last) = consents.last() else { return Ok(()) };
        after = (last.subscriber_id, last.purpose.to_string());
        let mac = |consent: &adoptions::UnmarkedConsent| ConsentMac {
            subscriber_id: consent.subscriber_id,
            purpose: consent.purpose.clone(),
            event_id: consent.event_id,
            mac: hex(&terms.evidence_key.consent(&ConsentFields {
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
            })),
        };
        adoptions::mark_consents(&mut tx, &consents.iter().map(mac).collect::<Vec<_>>()).await?;
        tx.commit().await?;
    }
}

async fn record(tx: &mut Tx, at: &Moment, terms: &Terms, before: i64) -> Result<(), Error> {
    let emptied = emptied_by(&adoptions::list_bare(tx).await?);
    let record_id = at.new_id();
    let before = u64::try_from(before).map_err(|_| Error::Tree)?;
    let body = Adoption { at: at.now, emptied, before, record_id };
    let record = new_record(at, terms, (record_id, RecordType::Adopted), &body)?;
    Ok(ledger_records::append(tx, &record).await?)
}
