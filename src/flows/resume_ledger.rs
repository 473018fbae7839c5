//! The ledger goes on after a loss, in an epoch of its own.

use serde_json::json;

use super::Error;
use crate::domain::action::Action;
use crate::ledger::epoch::Epoch;
use crate::outside::Head;
use crate::random::Moment;
use crate::store::{Tx, audit_entries, checkpoints, ledger_epochs};

/// Begins the next epoch, later than any that is known: leaves and their places go on from here, and heads are
/// signed under the new name. `known` is the newest head known outside, if one is left.
///
/// # Errors
/// When the database does not take it.
pub async fn resume_ledger(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    known: Option<&Head>,
) -> Result<Epoch, Error> {
    // Nobody gives places meanwhile.
    let size = checkpoints::lock_size(tx).await?;
    let present = ledger_epochs::find_place(tx).await?.epoch;
    let epoch = known.map_or(present, |known| known.epoch.max(present)).next();
    ledger_epochs::insert(tx, at.now, epoch, known.map(|known| known.note.as_str())).await?;
    let detail = json!({
        "epoch": epoch.to_string(),
        "size": size,
        "known_size": known.map(Head::size),
        "known_origin": known.map(|known| &known.note.checkpoint().origin),
    });
    audit_entries::append(tx, at, actor, Action::LedgerResume, &detail).await?;
    Ok(epoch)
}
