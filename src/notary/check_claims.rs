//! Actions, words and policies against the hashes of them that the ledger holds.

use std::collections::VecDeque;

use super::verification::Verification;
use crate::domain::ledger_record::Chain;
use crate::flows::Error;
use crate::flows::chain_claims::canonical_claim;
use crate::store::{Db, claims};

/// How many are read at once.
const AT_ONCE: i64 = 2000;

/// Hashes all claims again, and compares with what each record said when it was made; in the order of the tree.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn check_claims(
    db: &Db,
    mut recorded: VecDeque<(i64, Chain)>,
    told: &mut Verification,
) -> Result<(), Error> {
    let mut chain = Chain::default();
    loop {
        let claims = claims::list(&mut db.read().await?, chain.count, AT_ONCE).await?;
        if claims.is_empty() {
            break;
        }
        for claim in &claims {
            if claim.number != Some(chain.count + 1) {
                told.add(format!(
                    "of what was done and published, number {} is missing",
                    chain.count + 1
                ));
                return Ok(());
            }
            chain = chain.with(&canonical_claim(claim)?);
            while let Some((row, record)) = recorded.pop_front_if(|(_, r)| r.count <= chain.count) {
                if *record.sha256 != chain.sha256 {
                    told.add(format!(
                        "row {row}: of the first {} things that were done and published, something was changed",
                        record.count
                    ));
                    return Ok(());
                }
            }
        }
    }
    if let Some((row, record)) = recorded.front() {
        told.add(format!(
            "row {row} records {} things that were done and published, and {} are left",
            record.count, chain.count
        ));
    }
    let missing = claims::count_missing(&mut db.read().await?).await?;
    if missing > 0 {
        told.add(format!(
            "of {missing} things that were done and published, the ledger was told nothing"
        ));
    }
    Ok(())
}
