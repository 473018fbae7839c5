//! Which witnesses did not sign the newest head yet, and how far each has come.

use assent_ledger::note::SignedNote;

use crate::flows::Error;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::ledger::{checkpoints, cosignatures, epochs};

/// A head that lacks signatures.
pub struct Uncosigned {
    /// The newest that may be seen.
    pub head: StoredCheckpoint,
    /// Its note, as it was signed here.
    pub note: SignedNote,
    /// For each witness that was asked about, how many leaves it knows as far as we do; none where it signed this head.
    pub known: Vec<Option<u64>>,
}

/// What these witnesses, by their keys, did not sign of the newest head; none while there is no head.
///
/// # Errors
/// When the database does not answer, or the newest head can't be read.
pub async fn find_uncosigned(
    tx: &mut Tx,
    witnesses: &[String],
) -> Result<Option<Uncosigned>, Error> {
    let Some(head) = checkpoints::find_kept_bare(tx).await? else { return Ok(None) };
    let note = SignedNote::parse(&head.note).map_err(|_| Error::Tree)?;
    if i64::try_from(note.checkpoint().size) != Ok(head.size) {
        return Err(Error::Tree);
    }
    // Under the name of a new epoch a witness knows nothing yet.
    let from_size = epochs::find_place(tx).await?.from_size;
    let mut known = Vec::with_capacity(witnesses.len());
    for witness in witnesses {
        let last = cosignatures::find_newest(tx, witness).await?.map_or(0, |last| last.size);
        let of_epoch = if last > from_size { last } else { 0 };
        let of_epoch = u64::try_from(of_epoch).map_err(|_| Error::Tree)?;
        known.push((last < head.size).then_some(of_epoch));
    }
    Ok(Some(Uncosigned { head, note, known }))
}
