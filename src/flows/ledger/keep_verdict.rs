//! The verdict on the ledger: when a new one is due, and keeping it for exports to go by.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::consent::evidence_key::{EvidenceKey, RowMac};
use crate::domain::timestamp::Timestamp;
use crate::flows::{Case, Error, FlowSettings};
use crate::store::ledger::verdicts::{self, StoredVerdict, Verdict};
use crate::store::{Db, Tx};

/// How old a verdict may get before the ledger is checked again.
const EVERY: Duration = Duration::from_hours(6);
/// How old it may get before nothing is exported by it.
const LASTS: Duration = Duration::from_hours(24);

/// The last verdict, if this program came to it. For people to read: whether it is the newest is not asked.
pub async fn find_verdict(tx: &mut Tx, key: &EvidenceKey) -> sqlx::Result<Option<Verdict>> {
    Ok(find_own(tx, key).await?.map(|stored| stored.verdict))
}

/// The last verdict, if this program came to it and to none since.
///
/// # Errors
/// When the database or the file store does not answer.
pub async fn find_newest(tx: &mut Tx, settings: &FlowSettings) -> Result<Option<Verdict>, Error> {
    let Some(stored) = find_own(tx, &settings.evidence_key).await? else { return Ok(None) };
    let is_newest = tx.outside().is_newest_verdict(stored.verdict_id).await?;
    Ok(is_newest.then_some(stored.verdict))
}

async fn find_own(tx: &mut Tx, key: &EvidenceKey) -> sqlx::Result<Option<StoredVerdict>> {
    let is_ours = |stored: &StoredVerdict| {
        let own = mac(key, stored.verdict_id, &stored.verdict);
        EvidenceKey::agrees(Some(&stored.mac), &own)
    };
    Ok(verdicts::find(tx).await?.filter(is_ours))
}

/// Whether the ledger is to be checked: it never was, the last time is too long ago, or lies ahead, as after a
/// clock was set back.
///
/// # Errors
/// When the database or the file store does not answer.
pub async fn is_due(tx: &mut Tx, settings: &FlowSettings, now: Timestamp) -> Result<bool, Error> {
    Ok(is_older(find_newest(tx, settings).await?.as_ref(), now, EVERY))
}

/// Whether a verdict says nothing any more, or there is none.
#[must_use]
pub fn is_stale(verdict: Option<&Verdict>, now: Timestamp) -> bool {
    is_older(verdict, now, LASTS)
}

fn is_older(verdict: Option<&Verdict>, now: Timestamp, age: Duration) -> bool {
    verdict
        .is_none_or(|Verdict { checked_at, .. }| *checked_at > now || checked_at.plus(age) <= now)
}

/// The key of the verdict that stands, for [`keep_verdict`] to know whether another took its place.
pub async fn find_seen(tx: &mut Tx) -> sqlx::Result<Option<Uuid>> {
    Ok(verdicts::find(tx).await?.map(|stored| stored.verdict_id))
}

/// Keeps what a check found in place of what the one before found; `seen` is the verdict that stood when it began.
/// What another check found meanwhile stays: says whether the new one stands. Until it is committed, no verdict is the
/// newest, and nothing is exported.
///
/// # Errors
/// When the database or the file store does not take it; then the last verdict stands, or none does.
pub async fn keep_verdict(
    db: &Db,
    case: Case<'_>,
    verdict: &Verdict,
    seen: Option<Uuid>,
) -> Result<bool, Error> {
    let verdict_id = case.at.new_id();
    let key = &case.settings.evidence_key;
    let mac = mac(key, verdict_id, verdict);
    // Before a transaction is begun, for the file store may answer slowly.
    db.outside().keep_verdict(verdict_id).await?;
    let kept = db.run(|tx| {
        Box::pin(async {
            let stands = verdicts::upsert(tx, (verdict_id, &mac), verdict, seen).await?;
            let other = if stands { None } else { find_own(tx, key).await? };
            Ok::<_, Error>((stands, other))
        })
    });
    let (stands, other) = kept.await?;
    if let Some(other) = other {
        db.outside().keep_verdict(other.verdict_id).await?;
    }
    Ok(stands)
}

fn mac(key: &EvidenceKey, verdict_id: Uuid, verdict: &Verdict) -> RowMac {
    let Verdict { checked_at, size, finding, warning } = verdict;
    let said = [finding.as_deref(), warning.as_deref()];
    key.verdict(verdict_id, (*checked_at, *size), said)
}
