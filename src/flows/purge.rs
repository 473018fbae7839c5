//! What is no longer needed is forgotten (GDPR Art. 5(1)(e)): what nobody confirmed, with no reminder, and
//! the evidence about people who left, once nobody can ask for it any more.

use uuid::Uuid;

use super::check_events::EventChecker;
use super::keep_record::record_purge;
use super::{Error, Terms};
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::signups::{self, Signup};
use crate::store::{
    Tx, code_tries, erasures, purges, sign_in_tries, staff_sessions, verifications,
};

/// How many signups one transaction deletes: few enough that readers never wait for it.
pub const AT_ONCE: i64 = 500;

/// Closes the signups whose time is over, and forgets which codes were tried before today, who failed to sign
/// in a day ago, and sessions that ended; returns how many signups.
///
/// # Errors
/// When the database does not take it.
pub async fn expire(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    code_tries::delete_old(tx, now).await?;
    sign_in_tries::delete_old(tx, now).await?;
    staff_sessions::delete_ended(tx, now).await?;
    Ok(purges::mark_expired(tx, now).await?)
}

/// Deletes up to [`AT_ONCE`] unconfirmed signups older than their retention; returns how many. Call it
/// again while it returns that many.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn purge(tx: &mut Tx, at: &Moment, terms: &Terms) -> Result<usize, Error> {
    let before = at.now.minus(terms.pending_retention);
    let due = signups::lock_unconfirmed(tx, at.now, before, AT_ONCE).await?;
    let (ours, others): (Vec<Signup>, Vec<Signup>) =
        due.into_iter().partition(|signup| terms.demand_own_signup(signup).is_ok());
    for signup in &others {
        leave("signup", signup.signup_id);
    }
    let ids: Vec<Uuid> = ours.iter().map(|signup| signup.signup_id).collect();
    let emptied = purges::delete_signups(tx, &ids).await?;
    record_purge(tx, at, terms, &emptied).await?;
    Ok(ids.len())
}

/// How many people one transaction forgets.
pub const PEOPLE_AT_ONCE: i64 = 50;

/// Forgets up to [`PEOPLE_AT_ONCE`] people whose last consent ended longer ago than evidence is kept; what
/// suppresses their addresses stays. Returns how many. Call it again while it returns that many.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn forget_ended(tx: &mut Tx, at: &Moment, terms: &Terms) -> Result<usize, Error> {
    let before = at.now.minus(terms.evidence_retention);
    let ended = purges::lock_ended(tx, before, PEOPLE_AT_ONCE).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    let checker = EventChecker::load(tx, terms).await?;
    let (mut emptied, mut gone) = (vec![], 0);
    for (subscriber_id, address_key) in &ended {
        let (events, unreadable) = verifications::list_of(tx, *subscriber_id).await?.read();
        if !unreadable.is_empty() || !checker.check(&events).findings.is_empty() {
            leave("subscriber", *subscriber_id);
            continue;
        }
        emptied.append(&mut erasures::delete_all(tx, address_key).await?);
        gone += 1;
    }
    record_purge(tx, at, terms, &emptied).await?;
    Ok(gone)
}

/// What was changed by another hand stays, for whoever looks into it: to empty it would do away with the traces.
fn leave(what: &str, id: Uuid) {
    tracing::error!(
        %id,
        "a {what} whose time is over was changed in the database by another hand and is left as it is: run \
         `assent ledger verify`"
    );
}
