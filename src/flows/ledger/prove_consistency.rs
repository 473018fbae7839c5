//! That one tree begins with all leaves of an older one (RFC 6962 §2.1.2).

use assent_ledger::consistency_proof::ConsistencyProof;
use assent_ledger::tree::consistency_path;

use crate::flows::Error;
use crate::flows::ledger::tree_nodes;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;

/// The proof of it between a size and a head; none when the size is larger.
///
/// # Errors
/// When the database does not answer, or the stored tree has a hole.
pub async fn prove_consistency(
    tx: &mut Tx,
    old_size: u64,
    new: &StoredCheckpoint,
) -> Result<Option<ConsistencyProof>, Error> {
    let size = u64::try_from(new.size).map_err(|_| Error::Tree)?;
    let Some(path) = consistency_path(old_size, size) else { return Ok(None) };
    let hashes = tree_nodes::proof(tx, &path).await?;
    Ok(Some(ConsistencyProof { old_size, hashes }))
}
