//! Seals the ledger and checks it, for whoever asks: the workers by the clock, the console by a button, the
//! command line. It takes as many transactions as the work needs, none of them for long.

mod check_claims;
mod stored_tree;
pub mod verification;
pub mod verify;

use crate::clock::Clock;
use crate::flows::seal::seal;
use crate::flows::{Error, Terms};
use crate::random::{Moment, Random};
use crate::store::Db;

/// Seals all that waits.
///
/// # Errors
/// When the database does not take it; what was committed before stays sealed.
pub async fn seal_all(db: &Db, terms: &Terms, clock: &Clock, random: &Random) -> Result<(), Error> {
    loop {
        let mut tx = db.write().await?;
        if seal(&mut tx, &Moment::of(clock, random), terms).await?.is_none() {
            return Ok(());
        }
        tx.commit().await?;
    }
}
