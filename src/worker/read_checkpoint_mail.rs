//! The newest checkpoint, mailed to somebody outside, who can hold it against the ledger later.

use assent_ledger::note::encode_hash;

use super::WorkerParts;
use super::mail_content::{FoundContent, MailContent};
use crate::flows::Error;
use crate::flows::ledger::own_note::own_note;
use crate::flows::ledger::prove_consistency::prove_consistency;
use crate::mail::letters::ledger::{CheckpointMail, ShownProof};
use crate::store::Tx;
use crate::store::ledger::checkpoints;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::store::mail::outbox::{self, ClaimedMail};

/// Reads the newest checkpoint of when the mail was decided, and the proof that it holds all that the one before
/// held, which was mailed before.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    claimed: &ClaimedMail,
) -> sqlx::Result<FoundContent> {
    let Some(recipient) = &parts.checkpoint_recipient else {
        return Ok(FoundContent::Nothing("nobody is to be mailed checkpoints any more"));
    };
    let Some(newest) = checkpoints::find_kept_at(tx, claimed.created_at).await? else {
        return Ok(FoundContent::Nothing("nothing is sealed yet"));
    };
    let before = match outbox::find_mailed_before(tx, claimed.created_at).await? {
        Some(mailed) => checkpoints::find_kept_at(tx, mailed).await?,
        None => None,
    };
    let proof = match before.filter(|before| before.size < newest.size) {
        Some(before) => prove(tx, &before, &newest).await?,
        None => None,
    };
    let note = match own_note(&newest) {
        Ok(note) => note,
        Err(error) => {
            tracing::error!(error = ?error, size = newest.size, "the newest checkpoint cannot be read, and is not mailed");
            return Ok(FoundContent::Nothing("the newest checkpoint is not what was signed"));
        }
    };
    let mail = CheckpointMail {
        origin: note.checkpoint().origin.clone(),
        size: newest.size,
        note: newest.note,
        date: claimed.created_at,
        proof,
    };
    Ok(FoundContent::Mail(MailContent::new(recipient.clone(), mail)))
}

/// The proof between two heads, as the mail shows it; none where the stored tree does not give it, for the head
/// must be mailed then above all.
async fn prove(
    tx: &mut Tx,
    before: &StoredCheckpoint,
    newest: &StoredCheckpoint,
) -> sqlx::Result<Option<ShownProof>> {
    let size = u64::try_from(before.size).unwrap_or(0);
    match prove_consistency(tx, size, newest).await {
        Ok(proof) => Ok(proof.map(|proof| {
            let hashes = proof.hashes.iter().map(encode_hash).collect();
            ShownProof { old: before.size, hashes }
        })),
        Err(Error::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(error = ?error, "the checkpoint is mailed without a proof");
            Ok(None)
        }
    }
}
