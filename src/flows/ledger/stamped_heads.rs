//! Heads that were stamped with the time, each with the stamp and its note, as a bundle has them.

use std::ops::RangeInclusive;

use assent_ledger::cosignature::WitnessKey;

use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::day::Day;
use crate::flows::ledger::cosigned_head::join;
use crate::flows::ledger::own_stamp::is_own_stamp;
use crate::store::Tx;
use crate::store::ledger::cosignatures::{self, Cosignature};
use crate::store::ledger::head_timestamps::{self, StampedHead};

/// A stamp of a day, and its head with what is stored of witnesses under it, not looked at yet.
pub struct Stamped {
    head: StampedHead,
    cosignatures: Vec<Cosignature>,
}

impl Stamped {
    /// The day, in the installation's zone.
    #[must_use]
    pub fn day(&self) -> Day {
        Day::numbered(self.head.stamp.day)
    }

    /// The DER of the `TimeStampResp`.
    #[must_use]
    pub fn response(&self) -> &[u8] {
        &self.head.stamp.response
    }

    /// The head's note, as [`CosignedHead::note`](super::cosigned_head::CosignedHead::note) has it.
    #[must_use]
    pub fn note(&self, witnesses: &[WitnessKey]) -> String {
        join(&self.head.note, &self.cosignatures, witnesses)
    }
}

/// Those of heads of these sizes that this program kept, by day.
///
/// # Errors
/// When the database does not answer.
pub async fn list_stamped(
    tx: &mut Tx,
    key: &EvidenceKey,
    sizes: RangeInclusive<i64>,
) -> sqlx::Result<Vec<Stamped>> {
    let mut stamped = Vec::new();
    for head in head_timestamps::list(tx, sizes).await? {
        if is_own_stamp(key, &head) {
            let cosignatures = cosignatures::list(tx, head.stamp.size).await?;
            stamped.push(Stamped { head, cosignatures });
        }
    }
    Ok(stamped)
}
