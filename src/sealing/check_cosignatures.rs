//! What is stored as signed by witnesses of our heads: each signature against the key that it names. A row that is another is
//! shown nowhere, and is a finding: this program does not write such.

use assent_ledger::cosignature::WitnessKey;

use super::verification::Verification;
use crate::flows::Error;
use crate::flows::ledger::cosigned_head::is_true;
use crate::store::Db;
use crate::store::ledger::cosignatures;

/// How many are read at once.
const CHUNK: i64 = 512;

/// Checks all. No transaction is open while signatures are.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn check_cosignatures(db: &Db, told: &mut Verification) -> Result<(), Error> {
    let mut after = (0, String::new());
    loop {
        let mut tx = db.read().await?;
        let rows = cosignatures::list_after(&mut tx, (after.0, &after.1), CHUNK).await?;
        drop(tx);
        let Some(last) = rows.last().map(|row| &row.cosignature) else { break };
        after = (last.size, last.witness.clone());
        let check = tokio::task::spawn_blocking(move || {
            rows.into_iter()
                .filter(|row| !is_true(row))
                .map(|row| row.cosignature)
                .collect::<Vec<_>>()
        });
        for row in check.await? {
            let witness = WitnessKey::parse(&row.witness).map(|key| key.name().to_string());
            let witness = witness.unwrap_or_else(|_| "nobody".to_owned());
            told.add(format!(
                "the signature of witness {witness} under the checkpoint of {} events is not one of that checkpoint by \
                 its key",
                row.size
            ));
        }
    }
    Ok(())
}
