//! People who were stored before they could be searched for are split up into the words they are found by.

use crate::flows::Error;
use crate::store::Db;
use crate::store::contacts::search_index;

/// How many people one transaction splits up: few enough that nobody waits long for it.
const AT_ONCE: i64 = 1000;

/// Splits up all who never were; safe to run by several replicas at once. Returns how many.
///
/// # Errors
/// When the database does not take it; what was done before stays done.
pub async fn backfill_words(db: &Db) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        match db.run(|tx| Box::pin(search_index::backfill(tx, AT_ONCE))).await? {
            0 => return Ok(all),
            done => all += done,
        }
    }
}
