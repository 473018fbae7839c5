//! The newest signed tree head, mailed to a witness outside, who can hold it against the ledger later.

use serde_json::json;

use super::WorkerParts;
use super::letters::{Letter, Said};
use crate::ledger::note::SignedNote;
use crate::store::outbox::ClaimedMail;
use crate::store::{Tx, checkpoints};

/// Reads the newest checkpoint.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    mail: &ClaimedMail,
) -> sqlx::Result<Said> {
    let Some(witness) = &parts.witness_mail else {
        return Ok(Said::Nothing("there is no witness any more"));
    };
    let Some(newest) = checkpoints::find_newest(tx).await? else {
        return Ok(Said::Nothing("nothing is sealed yet"));
    };
    let origin = SignedNote::parse(&newest.note).map(|note| note.checkpoint().origin.clone());
    let context = json!({
        "site": *parts.site,
        "origin": origin.unwrap_or_default(),
        "size": newest.size,
        "note": newest.note,
        "date": mail.created_at,
    });
    Ok(Said::Mail(Letter { to: witness.clone(), context, leave: None }))
}
