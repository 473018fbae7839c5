//! What is no longer needed is forgotten (GDPR Art. 5(1)(e)): what nobody confirmed, with no reminder, and
//! the evidence about people who left, once nobody can ask for it any more.

use uuid::Uuid;

use crate::domain::signup::bot_check;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::check_events::EventChecker;
use crate::flows::ledger::keep_record::record_purge;
use crate::flows::signup::do_once;
use crate::flows::tell_webhooks::listeners;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::{erasures, purges};
use crate::store::ledger::verifications;
use crate::store::signup::signups::{self, SignupPlace};
use crate::store::signup::{code_tries, idempotent_requests, solved_checks};
use crate::store::staff::{sessions, sign_in_tries};

/// Closes the signups whose time is over, and forgets which codes were tried before today, who failed to sign
/// in a day ago, sessions that ended, the keys of requests a day ago, and bot checks that nobody can answer any more; returns
/// how many signups.
pub async fn expire(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    code_tries::delete_old(tx, now).await?;
    sign_in_tries::delete_old(tx, now).await?;
    sessions::delete_ended(tx, now).await?;
    idempotent_requests::delete_old(tx, now.minus(do_once::KEPT_FOR)).await?;
    // Later than need be, for another process may have a clock that is behind, and take the answer once more.
    solved_checks::delete_expired(tx, now.minus(bot_check::LIFETIME)).await?;
    Ok(purges::mark_expired(tx, now).await?)
}

/// What one transaction did of a purge, and where the next one begins; `None` at the end.
#[derive(Clone, Copy, Debug)]
pub struct Purged<P> {
    /// How many went.
    pub gone: usize,
    /// Behind what to go on.
    pub next: Option<P>,
}

/// Deletes unconfirmed signups older than their retention, of the next 500 behind this place.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn purge(
    tx: &mut Tx,
    at: &Moment,
    (settings, checker): (&FlowSettings, &EventChecker),
    after: SignupPlace,
) -> Result<Purged<SignupPlace>, Error> {
    let before = at.now.minus(settings.pending_retention);
    let due = signups::lock_unconfirmed(tx, at.now, before, after).await?;
    let Some(last) = due.last() else { return Ok(Purged { gone: 0, next: None }) };
    let next = Some((last.created_at, last.signup_id));
    let mut ours = Vec::with_capacity(due.len());
    for signup in &due {
        if settings.demand_own_signup(signup).is_ok()
            && are_whole(tx, checker, signup.signup_id).await?
        {
            ours.push(signup.signup_id);
        } else {
            leave("signup", signup.signup_id);
        }
    }
    let emptied = purges::delete_signups(tx, &ours).await?;
    record_purge(tx, at, settings, &emptied).await?;
    Ok(Purged { gone: ours.len(), next })
}

/// How many people one transaction forgets.
const PEOPLE_AT_ONCE: i64 = 50;

/// Forgets people whose last consent ended longer ago than evidence is kept, of the next 50 behind
/// this key; what suppresses their addresses stays. Other programs are told as of any erasure.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn forget_ended(
    tx: &mut Tx,
    at: &Moment,
    (settings, checker): (&FlowSettings, &EventChecker),
    after: Uuid,
) -> Result<Purged<Uuid>, Error> {
    let before = at.now.minus(settings.evidence_retention);
    let ended = purges::lock_ended(tx, before, after, PEOPLE_AT_ONCE).await?;
    let Some((last, _)) = ended.last() else { return Ok(Purged { gone: 0, next: None }) };
    let next = Some(*last);
    let listeners = listeners(tx).await?;
    let (mut emptied, mut gone) = (vec![], 0);
    for (subscriber_id, address_key) in &ended {
        let mut whole = are_whole(tx, checker, *subscriber_id).await?
            && !purges::is_shared(tx, *subscriber_id, address_key).await?;
        // Their forms go with them.
        let mut forms = Vec::new();
        for signup in signups::list_of(tx, address_key).await? {
            whole = whole
                && settings.demand_own_signup(&signup).is_ok()
                && are_whole(tx, checker, signup.signup_id).await?;
            forms.push(signup.signup_id);
        }
        if whole {
            let these = (Some(*subscriber_id), forms.as_slice());
            emptied.append(&mut erasures::delete_one(tx, address_key, these).await?);
            // Whoever was told of them holds a copy, which is no longer needed either.
            listeners.tell_erased(tx, at, *subscriber_id).await?;
            gone += 1;
        } else {
            leave("subscriber", *subscriber_id);
        }
    }
    record_purge(tx, at, settings, &emptied).await?;
    Ok(Purged { gone, next })
}

/// Whether the events of a subject are what they were, and what rests on them.
pub(in crate::flows) async fn are_whole(
    tx: &mut Tx,
    checker: &EventChecker,
    subject_id: Uuid,
) -> sqlx::Result<bool> {
    let rows = verifications::list_of(tx, subject_id).await?;
    let (events, unreadable) = rows.read();
    Ok(unreadable.is_empty() && checker.check(&events).findings.is_empty())
}

/// What was changed by another hand stays, for whoever looks into it: to empty it would do away with the traces.
fn leave(what: &str, id: Uuid) {
    tracing::error!(
        %id,
        "a {what} whose time is over was changed in the database by another hand and is left as it is: run \
         `assent ledger verify`"
    );
}
