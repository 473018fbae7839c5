//! Whether a cursor still says who left since: not while the database went back in time, and not where it stems
//! from before the ledger went on after that.

use assent_ledger::epoch::Epoch;

use crate::domain::ledger::cursor::Cursor;
use crate::flows::ledger::compare_heads::demand_level;
use crate::flows::{Error, FlowSettings};
use crate::store::Db;
use crate::store::ledger::epochs;

/// Why nobody is named.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawalsRefused {
    /// The database does not stand at the newest head known: who left since may be missing.
    #[error("{0}")]
    NotLevel(String),
    /// The cursor is from beyond the ledger's end, or of another epoch.
    #[error(
        "the ledger lost entries since this cursor was given out: take a new export, and go on from its cursor"
    )]
    Stale,
    /// Something did not answer.
    #[error(transparent)]
    Flow(#[from] Error),
}

/// Refuses a cursor that does not lead on from here; returns the present epoch, in which to go on.
///
/// # Errors
/// Says why.
pub async fn allow_withdrawals(
    db: &Db,
    settings: &FlowSettings,
    cursor: Cursor,
) -> Result<Epoch, WithdrawalsRefused> {
    demand_level(db, settings).await.map_err(|error| match error {
        Error::NotLevel(why) => WithdrawalsRefused::NotLevel(why),
        error => WithdrawalsRefused::Flow(error),
    })?;
    let place = async { epochs::find_place(&mut db.read().await?).await };
    let place = place.await.map_err(Error::from)?;
    let leads_on = cursor.epoch == place.epoch && cursor.after < place.size;
    if leads_on || cursor == Cursor::START {
        Ok(place.epoch)
    } else {
        Err(WithdrawalsRefused::Stale)
    }
}
