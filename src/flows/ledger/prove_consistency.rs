//! That one tree begins with all leaves of an older one (RFC 6962 §2.1.2).

use assent_ledger::note::encode_hash;
use assent_ledger::tree::{Hash, consistency_path};

use crate::flows::Error;
use crate::flows::ledger::tree_nodes;
use crate::store::Tx;
use crate::store::ledger::checkpoints::StoredCheckpoint;

/// The hashes that prove it between a size and a head; none when the size is larger.
///
/// # Errors
/// When the database does not answer, or the stored tree has a hole.
pub async fn prove_consistency(
    tx: &mut Tx,
    old: u64,
    new: &StoredCheckpoint,
) -> Result<Option<Vec<Hash>>, Error> {
    let size = u64::try_from(new.size).map_err(|_| Error::Tree)?;
    let Some(path) = consistency_path(old, size) else { return Ok(None) };
    Ok(Some(tree_nodes::proof(tx, &path).await?))
}

/// The proof and the newer head as one text, such as witnesses are sent (C2SP tlog-witness, `add-checkpoint`):
/// the older size, a hash a line in base64, an empty line, the signed note.
#[must_use]
pub fn proof_text(old: u64, proof: &[Hash], note: &str) -> String {
    let hashes: String = proof.iter().map(|hash| encode_hash(hash) + "\n").collect();
    format!("old {old}\n{hashes}\n{note}")
}
