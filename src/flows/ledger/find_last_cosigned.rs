//! The last head that a witness signed, for whoever keeps it.

use assent_ledger::cosignature::WitnessKey;

use crate::flows::Error;
use crate::flows::ledger::cosigned_head::{is_by, join};
use crate::store::Db;
use crate::store::ledger::cosignatures::{self, Cosignature};

/// Its note with the lines of these witnesses; `None` where none of them signed any that is here.
///
/// # Errors
/// When the database does not answer.
pub async fn find_last_cosigned(
    db: &Db,
    witnesses: &[WitnessKey],
) -> Result<Option<String>, Error> {
    let mut tx = db.read().await?;
    let mut stored = Vec::with_capacity(witnesses.len());
    for witness in witnesses {
        let vkey = witness.to_string();
        stored.push(cosignatures::list_newest(&mut tx, &vkey, i64::MAX).await?);
    }
    drop(tx);
    let by = witnesses.iter().zip(&stored);
    let true_ones = by.flat_map(|(witness, rows)| rows.iter().filter(|row| is_by(witness, row)));
    let Some(last) = true_ones.max_by_key(|row| row.cosignature.size) else { return Ok(None) };
    let beside = stored.iter().flatten().map(|row| &row.cosignature);
    let beside: Vec<Cosignature> =
        beside.filter(|row| row.size == last.cosignature.size).cloned().collect();
    Ok(Some(join(&last.note, &beside, witnesses)))
}
