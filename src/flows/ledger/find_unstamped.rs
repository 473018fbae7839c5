//! Which head is to be stamped with the time.

use crate::domain::day::Day;
use crate::domain::timestamp::Timestamp;
use crate::flows::Case;
use crate::flows::ledger::own_stamp::find_last_stamp;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::ledger::{checkpoints, head_timestamps};

/// A head that waits for its stamp.
pub struct Unstamped {
    /// The newest that may be seen.
    pub head: StoredCheckpoint,
    /// Since when one waits.
    pub since: Timestamp,
    /// For which day it is to be stamped.
    pub day: Day,
}

/// The newest head, if none was stamped today and it is newer than the last that was. A row that this program did not
/// write, or of a day that is still to come, counts for nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn find_unstamped(tx: &mut Tx, case: Case<'_>) -> sqlx::Result<Option<Unstamped>> {
    let Case { at, settings } = case;
    let Some(head) = checkpoints::find_kept(tx).await? else { return Ok(None) };
    let day = settings.timezone.day_of(at.now);
    let last = find_last_stamp(tx, case).await?;
    let (size, ended) = last.map_or((0, Timestamp::EARLIEST), |last| {
        (last.size, settings.timezone.ends(Day::numbered(last.day)))
    });
    let signed = head_timestamps::waits_since(tx, size).await?;
    // What was signed on the day of the last stamp waits for the next day.
    let since = signed.map(|signed| signed.max(ended)).filter(|since| *since <= at.now);
    Ok(since.map(|since| Unstamped { head, since, day }))
}
