//! Answered bot checks are used up in the transaction that stores the forms which bring them along: of two forms with the
//! same one, one is taken, and a form that is not stored leaves its own good.

use crate::domain::signup::bot_check::SolvedCheck;
use crate::store::Tx;
use crate::store::signup::solved_checks;

/// Uses up what each form brings along, in their order; `false` for each whose was used up before, also by one of these.
///
/// # Errors
/// When the database does not take it; then all are still good.
pub async fn spend_checks(tx: &mut Tx, checks: &[Option<SolvedCheck>]) -> sqlx::Result<Vec<bool>> {
    let mut solved: Vec<SolvedCheck> = checks.iter().flatten().copied().collect();
    if solved.is_empty() {
        return Ok(vec![true; checks.len()]);
    }
    // In one order, so that two who store forms at once never wait for each other in a circle.
    solved.sort_unstable_by_key(|solved| solved.nonce);
    solved.dedup_by_key(|solved| solved.nonce);
    let mut new = solved_checks::insert_all(tx, &solved).await?;
    let is_good =
        |check: &Option<SolvedCheck>| check.is_none_or(|solved| new.remove(&solved.nonce[..]));
    Ok(checks.iter().map(is_good).collect())
}
