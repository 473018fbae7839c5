//! What goes along with a mail that tells of events: the promise that the ledger holds each of them in time.

use uuid::Uuid;

use super::WorkerParts;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::make_promises::make_promises;
use crate::mail::compose::TextFile;
use crate::store::Tx;

/// The promises of these events as a file: a sentence that says what it is, and each as a line without spaces. None
/// where nothing is promised.
pub(super) async fn attach_promises(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    event_ids: &[Uuid],
) -> sqlx::Result<Option<TextFile>> {
    let promises = make_promises(tx, &parts.settings, now, event_ids).await?;
    let verifier = parts.links.verifier();
    Ok((!promises.is_empty()).then(|| {
        TextFile::promises(format!(
            "Signed promises that the consent ledger holds what this message tells of. Checked at {verifier}\n\n{}\n",
            promises.join("\n")
        ))
    }))
}
