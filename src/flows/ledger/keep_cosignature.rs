//! A witness signed a head.

use assent_ledger::cosignature::WitnessKey;
use assent_ledger::note::NoteSignature;

use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::ledger::cosignatures::{self, Cosignature};

/// Keeps the line by which a witness signed the head over so many leaves. That it is its signature was judged when it came
/// (`assent_ledger::witness_answer`), before this transaction began.
///
/// # Errors
/// When the database does not take it.
pub async fn keep_cosignature(
    tx: &mut Tx,
    now: Timestamp,
    (witness, size): (&WitnessKey, i64),
    line: &NoteSignature,
) -> sqlx::Result<()> {
    let new = Cosignature {
        witness: witness.to_string(),
        size,
        line: line.to_string(),
        received_at: now,
    };
    cosignatures::upsert(tx, &new).await
}
