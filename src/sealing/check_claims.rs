//! Actions, words and policies against the hashes of them that the ledger holds.

use std::collections::{HashMap, VecDeque};

use assent_ledger::record::Chain;
use uuid::Uuid;

use super::verification::Verification;
use crate::domain::staff::action::Action;
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::flows::ledger::chain_claims::canonical_claim;
use crate::store::Db;
use crate::store::ledger::claims::Claim;
use crate::store::ledger::{claims, verifications};

/// How many are read at once.
const AT_ONCE: i64 = 2000;

/// Hashes all claims again, and compares with what each record said when it was made; in the order of the tree.
pub(super) async fn check_claims(
    db: &Db,
    mut recorded: VecDeque<(i64, Chain)>,
    told: &mut Verification,
) -> Result<(), Error> {
    let (mut chain, mut exports) = (Chain::default(), HashMap::new());
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
            exports.extend(exported(claim));
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
    check_exports(db, &exports, told).await?;
    let missing = claims::count_missing(&mut db.read().await?).await?;
    if missing > 0 {
        told.add(format!(
            "of {missing} things that were done and published, the ledger was told nothing"
        ));
    }
    Ok(())
}

/// What the audit says of an export.
struct Exported {
    /// The ledger's place at its moment.
    cursor: i64,
    /// When it was whole.
    whole_at: Timestamp,
    /// How many contacts it held.
    rows: Option<i64>,
    /// SHA-256 of its bytes.
    sha256: Option<String>,
}

/// The run of an export, and what the audit says of it.
fn exported(claim: &Claim) -> Option<(Uuid, Exported)> {
    let detail = claim
        .detail
        .as_ref()
        .filter(|_| claim.action.as_deref() == Some(Action::Export.as_str()))?;
    let run = detail["run"].as_str()?.parse().ok()?;
    let exported = Exported {
        cursor: detail["cursor"].as_i64()?,
        whole_at: claim.at?,
        rows: detail["rows"].as_i64(),
        sha256: detail["sha256"].as_str().map(str::to_owned),
    };
    Some((run, exported))
}

/// Who left since an export is told by where it began, and its file is known by its hash: its run against the audit.
async fn check_exports(
    db: &Db,
    exports: &HashMap<Uuid, Exported>,
    told: &mut Verification,
) -> Result<(), Error> {
    for run in verifications::list_places(&mut db.read().await?).await? {
        // One that ended since the check began is not among them.
        let Some(exported) = exports.get(&run.export_run_id) else { continue };
        let began = run.started_at.is_some_and(|began| began <= exported.whole_at);
        if run.ledger_cursor != Some(exported.cursor) || !began {
            told.add(format!("export {}: it did not begin where its row says", run.export_run_id));
        }
        if exported.rows != Some(run.rows_done) || exported.sha256 != run.sha256 {
            told.add(format!("export {}: it did not hold what its row says", run.export_run_id));
        }
    }
    Ok(())
}
