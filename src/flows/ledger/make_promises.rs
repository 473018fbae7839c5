//! What is promised of events that are told of before they have their place: that the ledger holds them in time.

use assent_ledger::MAX_MERGE_DELAY;
use assent_ledger::promise::Promise;
use uuid::Uuid;

use crate::domain::alarm::{LEDGER, SEALING};
use crate::domain::timestamp::Timestamp;
use crate::flows::FlowSettings;
use crate::flows::ledger::seal::is_ours;
use crate::store::Tx;
use crate::store::alarms;
use crate::store::ledger::promised::{self, Promised};

/// From when a place is promised until it must be there, in seconds. Sealing and keeping a head take seconds; a day
/// leaves the operator the time that an alarm about them needs, and the check holds the ledger to it as well.
const MERGE_DELAY_SECONDS: u64 = MAX_MERGE_DELAY.as_secs();

/// A promise of each of these events, signed; the same however often it is made. There is none while sealing is refused
/// or something waits for too long, none of an event that was erased, and none that sealing would not keep: of what
/// this program did not write, or of what is overdue.
///
/// # Errors
/// When the database does not answer.
pub async fn make_promises(
    tx: &mut Tx,
    settings: &FlowSettings,
    now: Timestamp,
    event_ids: &[Uuid],
) -> sqlx::Result<Vec<String>> {
    let standing = alarms::list(tx).await?;
    if standing.iter().any(|alarm| [LEDGER, SEALING].contains(&alarm.subject.as_str())) {
        return Ok(vec![]);
    }
    let promised = promised::list(tx, event_ids).await?;
    let kept = |promised: &&Promised| {
        let in_time =
            promised.leaf_index.is_some() || now < promised.recorded_at.plus(MAX_MERGE_DELAY);
        in_time && is_ours(&settings.evidence_key, &promised.event)
    };
    let sign = |Promised { event, recorded_at, .. }: &Promised| {
        let promise = Promise {
            at: recorded_at.to_string(),
            event_id: event.event_id,
            leaf: event.leaf.clone(),
            merge_delay: MERGE_DELAY_SECONDS,
            // Whatever epoch the ledger is in: it is promised for all that follow, too.
            origin: settings.ledger_keys.origin().to_owned(),
        };
        promise.sign(settings.ledger_keys.first())
    };
    Ok(promised.iter().filter(kept).map(sign).collect())
}
