//! Complaints and requests are forgotten as their time comes.

use serde_json::json;

use crate::domain::staff::action::Action;
use crate::flows::{Act, Case, Error};
use crate::store::Tx;
use crate::store::contacts::request_letters;

/// How many go in one transaction.
const AT_ONCE: i64 = 256;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForgottenRequests {
    /// Requests that are gone.
    pub deleted: u64,
    /// Requests of people who were erased, of which only the proof of their answer stays.
    pub reduced: u64,
}

/// Deletes requests that were closed longer ago than they are kept, some at a time, and takes out of answered ones whose
/// sender was erased what is not needed. Call it again while there are any.
///
/// # Errors
/// When the database does not take it.
pub async fn forget_requests(tx: &mut Tx, case: Case<'_>) -> Result<ForgottenRequests, Error> {
    let before = case.at.now.minus(case.settings.requests_retention);
    let reduced = request_letters::reduce(tx).await?;
    let deleted = request_letters::delete_closed(tx, before, AT_ONCE).await?;
    if deleted > 0 {
        let act = Act::new(case.at.clone(), "program");
        act.audit(tx, Action::RequestForget, &json!({"requests": deleted})).await?;
    }
    Ok(ForgottenRequests { deleted, reduced })
}
