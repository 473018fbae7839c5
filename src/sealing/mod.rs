//! Seals the ledger and checks it, for whoever asks: the workers by the clock, the console by a button, the
//! command line. It takes as many transactions as the work needs, none of them for long.

pub mod before_export;
mod check_claims;
mod check_cosignatures;
mod check_epochs;
mod check_texts;
mod check_time_stamps;
mod stored_tree;
pub mod verification;
pub mod verify;

use crate::clock::Clock;
use crate::flows::ledger::compare_heads::keep_newest;
use crate::flows::ledger::seal::{Sealed, seal};
use crate::flows::{Error, FlowSettings};
use crate::random::{Moment, Random};
use crate::store::Db;
use crate::store::ledger::{checkpoints, claims, epochs};

/// Seals all that waits, and keeps each head outside before it goes on.
///
/// # Errors
/// [`Error::NotLevel`] when the database does not stand at the newest head known; when the database does not
/// take it, or a head cannot be kept. What was committed before stays sealed.
pub async fn seal_all(
    db: &Db,
    settings: &FlowSettings,
    clock: &Clock,
    random: &Random,
) -> Result<(), Error> {
    loop {
        keep_newest(db, settings).await?;
        let at = Moment::new(clock, random);
        let sealed = db.run(|tx| {
            Box::pin(async {
                let sealed = seal(tx, &at, settings).await?;
                if !matches!(sealed, Sealed::Some) {
                    tx.give_up();
                }
                Ok::<_, Error>(sealed)
            })
        });
        match sealed.await? {
            Sealed::Some | Sealed::Unkept => {}
            Sealed::Nothing => return Ok(()),
        }
    }
}

/// Whether anything waits for its place, or a head to be kept outside.
pub async fn waits(db: &Db) -> sqlx::Result<bool> {
    let mut tx = db.read().await?;
    let place = epochs::find_place(&mut tx).await?;
    Ok(place.kept < Some(place.size).filter(|size| *size > 0)
        || checkpoints::waits_since(&mut tx).await?.is_some()
        || !claims::list_waiting(&mut tx, 1).await?.is_empty())
}
