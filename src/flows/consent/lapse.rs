//! Consents that were not renewed by the date of a new policy end, and the ledger says so.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::signup::submitted_form::Method;
use crate::flows::consent::record_consent::{End, end};
use crate::flows::{By, Case, Error};
use crate::store::Tx;
use crate::store::consent::consents;
use crate::store::contacts::subscribers;
use crate::store::policy::versions::PolicyVersion;

/// How many subscribers one transaction ends consents of: few enough that readers never wait for it.
pub const AT_ONCE: i64 = 100;

/// Ends what these subscribers still have in force under an older version than this one, whose date is
/// over; returns how many consents ended. Nobody is mailed, and nobody is suppressed: they did not object,
/// they only did not answer. Who renewed, left or was erased meanwhile has nothing left to end.
///
/// # Errors
/// When the database does not take it; then nothing ended.
pub async fn lapse(
    tx: &mut Tx,
    case: Case<'_>,
    policy: &PolicyVersion,
    subscriber_ids: &[Uuid],
) -> Result<usize, Error> {
    let source = format!("policy {}", policy.label);
    let by = By { method: Method::Program, source: &source };
    let mut ended = 0;
    for subscriber_id in subscriber_ids {
        let Some(subscriber) = subscribers::lock(tx, *subscriber_id).await? else { continue };
        let older = consents::list_older(tx, *subscriber_id, policy).await?;
        let consents = consents::list(tx, *subscriber_id).await?;
        let ending = consents.iter().filter(|consent| older.contains(&consent.purpose)).collect();
        let expired = End { consents: ending, event_type: EventType::Expired, by };
        ended += end(tx, case, &subscriber, expired).await?.len();
    }
    Ok(ended)
}
