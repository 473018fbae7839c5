//! Which stored time stamps (RFC 3161) count. By whom a stamp is signed is not checked here, so anybody could write one:
//! ours is known by its MAC, which is made only once the stamp was found to be over its head.

use assent_ledger::digest::sha256;
use assent_ledger::note::SignedNote;
use assent_ledger::timestamp::TimeStamp;

use crate::domain::consent::evidence_key::EvidenceKey;
use crate::flows::Case;
use crate::store::Tx;
use crate::store::ledger::head_timestamps::{self, HeadTimestamp, StampedHead};

/// The last stamp that this program kept, of this moment's day or earlier.
///
/// # Errors
/// When the database does not answer.
pub async fn find_last_stamp(tx: &mut Tx, case: Case<'_>) -> sqlx::Result<Option<HeadTimestamp>> {
    let Case { at, settings } = case;
    let today = settings.timezone.day_of(at.now).number();
    let newest = head_timestamps::list_newest(tx, today).await?;
    let own = newest.into_iter().find(|stamped| is_own_stamp(&settings.evidence_key, stamped));
    Ok(own.map(|own| own.stamp))
}

/// Whether this program wrote a stamp, of this day and over this head.
#[must_use]
pub fn is_own_stamp(key: &EvidenceKey, stamped: &StampedHead) -> bool {
    let StampedHead { stamp, note } = stamped;
    let own = key.time_stamp(stamp.day, note, (&stamp.response, stamp.stamped_at));
    EvidenceKey::agrees(Some(&stamp.mac), &own) && is_over(&stamp.response, note)
}

/// Whether a stamp is over what is signed of a note.
fn is_over(response: &[u8], note: &str) -> bool {
    let (stamp, note) = (TimeStamp::read(response), SignedNote::parse(note));
    let (Ok(stamp), Ok(note)) = (stamp, note) else { return false };
    stamp.sha256 == sha256(note.text().as_bytes())
}
