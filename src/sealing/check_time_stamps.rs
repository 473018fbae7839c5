//! What is stored as said by a time-stamping authority of our heads: each row against its MAC and its head. A row that is
//! another is shown nowhere, and is a finding: this program does not write such.

use super::verification::Verification;
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::day::Day;
use crate::flows::Error;
use crate::flows::ledger::own_stamp::is_own_stamp;
use crate::store::Db;
use crate::store::ledger::head_timestamps;

/// Checks all.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn check_time_stamps(
    db: &Db,
    key: &EvidenceKey,
    told: &mut Verification,
) -> Result<(), Error> {
    for stamped in head_timestamps::list(&mut db.read().await?, i64::MIN..=i64::MAX).await? {
        if !is_own_stamp(key, &stamped) {
            let day = Day::numbered(stamped.stamp.day);
            told.add(format!(
                "the time stamp of {day}: this program did not write it, or it is of another checkpoint"
            ));
        }
    }
    Ok(())
}
