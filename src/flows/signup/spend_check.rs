//! An answered bot check is used up: of two forms with the same one, one is taken.

use crate::domain::signup::bot_check::SolvedCheck;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::solved_checks;

/// Uses it up; `false` where it was before.
///
/// # Errors
/// When the database does not take it; then it is still good.
pub async fn spend_check(tx: &mut Tx, at: &Moment, solved: &SolvedCheck) -> Result<bool, Error> {
    solved_checks::delete_expired(tx, at.now).await?;
    Ok(solved_checks::insert(tx, solved).await?)
}
