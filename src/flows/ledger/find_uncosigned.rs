//! Which witnesses did not sign the newest head yet, and how far each has come.

use assent_ledger::cosignature::WitnessKey;
use assent_ledger::note::SignedNote;

use crate::flows::Error;
use crate::flows::ledger::cosigned_head::is_by;
use crate::flows::ledger::own_note::own_note;
use crate::store::Db;
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

/// What these witnesses did not sign of the newest head; none while there is no head. A stored signature that is not a
/// witness' counts for nothing.
///
/// # Errors
/// When the database does not answer, or the newest head can't be read.
pub async fn find_uncosigned(
    db: &Db,
    witnesses: &[WitnessKey],
) -> Result<Option<Uncosigned>, Error> {
    let mut tx = db.read().await?;
    let Some(head) = checkpoints::find_kept(&mut tx).await? else { return Ok(None) };
    let from_size = epochs::find_place(&mut tx).await?.from_size;
    let mut stored = Vec::with_capacity(witnesses.len());
    for witness in witnesses {
        let vkey = witness.to_string();
        stored.push(cosignatures::list_newest(&mut tx, &vkey, head.size).await?);
    }
    drop(tx);
    let note = own_note(&head)?;
    let mut known = Vec::with_capacity(witnesses.len());
    for (witness, rows) in witnesses.iter().zip(stored) {
        let of_head = |size: i64| size == head.size;
        for row in rows.iter().filter(|row| of_head(row.cosignature.size) && !is_by(witness, row)) {
            let (witness, size) = (witness.name().as_str(), row.cosignature.size);
            tracing::error!(witness, size, "what is stored as its signature is none: it is asked");
        }
        let last = rows.iter().find(|row| is_by(witness, row));
        let last = last.map_or(0, |row| row.cosignature.size);
        // Under the name of a new epoch a witness knows nothing yet (C2SP tlog-witness: by its origin).
        let of_epoch = if last > from_size { last } else { 0 };
        let of_epoch = u64::try_from(of_epoch).map_err(|_| Error::Tree)?;
        known.push((!of_head(last)).then_some(of_epoch));
    }
    Ok(Some(Uncosigned { head, note, known }))
}
