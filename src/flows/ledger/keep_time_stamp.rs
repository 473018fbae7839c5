//! A time-stamping authority stamped a head (RFC 3161): the stamp is kept with the MAC by which it is known as
//! [ours](super::own_stamp), made once it was found to be over its head.

use crate::domain::day::Day;
use crate::flows::Case;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::ledger::head_timestamps::{self, HeadTimestamp};
use crate::time_stamping::Stamp;

/// Keeps the stamp of a day over a head.
///
/// # Errors
/// When the database does not take it.
pub async fn keep_time_stamp(
    tx: &mut Tx,
    case: Case<'_>,
    (head, day): (&StoredCheckpoint, Day),
    stamp: &Stamp,
) -> sqlx::Result<()> {
    let said = (stamp.response.as_slice(), stamp.stamped_at);
    let mac = case.settings.evidence_key.time_stamp(day.number(), &head.note, said);
    let new = HeadTimestamp {
        day: day.number(),
        size: head.size,
        response: stamp.response.clone(),
        stamped_at: stamp.stamped_at,
        received_at: case.at.now,
        mac: mac.to_vec(),
    };
    head_timestamps::upsert(tx, &new).await
}
