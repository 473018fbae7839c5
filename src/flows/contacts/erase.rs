//! Somebody is erased (GDPR Art. 17).

use assent_ledger::record::Emptied;
use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::action::Action;
use crate::flows::consent::withdraw::{Leaving, note_address_left, note_left};
use crate::flows::ledger::evidence::Order;
use crate::flows::ledger::keep_record::{emptied_by, record_purge};
use crate::flows::tell_webhooks::listeners;
use crate::flows::{By, Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::consent::{consents, events};
use crate::store::contacts::suppressions::{self, Suppressed};
use crate::store::contacts::{erasures, privacy_requests, request_letters, subscribers};
use crate::store::mail::limited_mails;
use crate::store::staff::audit_entries;
use crate::store::{Effect, Tx};

/// How somebody is erased.
#[derive(Clone, Copy)]
pub struct Erasing<'a> {
    /// When it happens.
    pub at: &'a Moment,
    /// How they asked, as evidence says it.
    pub method: Method,
    /// Where, as evidence names it.
    pub source: &'a str,
    /// Who does it, where that is not the person: the audit tells it, and not whom.
    pub actor: Option<&'a str>,
}

impl<'a> Erasing<'a> {
    fn by(&self) -> By<'a> {
        By { method: self.method, source: self.source }
    }

    /// Has the audit tell whether anything was held, and the log forget it.
    async fn end(&self, tx: &mut Tx, held: bool) -> Result<(), Error> {
        if let Some(actor) = self.actor {
            let detail = json!({"held": held});
            audit_entries::append(tx, self.at, actor, Action::Erase.with(&detail)).await?;
        }
        tx.after(Effect::ForgetLog);
        Ok(())
    }
}

/// Deletes all that is held of an address but the leaves of its events, and suppresses it under its key
/// until its owner comes back by a confirmation of their own: also where nothing is held, for the database may have been
/// made to say so. `false` then, though that is written down. An erasure says of each purpose ever recorded that it ended so.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase(
    tx: &mut Tx,
    settings: &FlowSettings,
    address_key: &AddressKey,
    how: Erasing<'_>,
) -> Result<bool, Error> {
    let (case, by) = (settings.at(how.at), how.by());
    let known = subscribers::find_id(tx, address_key).await?;
    let erased = match known {
        Some(subscriber_id) => forget(tx, case, subscriber_id, by).await?,
        None => None,
    };
    // Who never confirmed a form has no purpose to end: the ledger says no more than where their events stand.
    let held = erased.is_some() || {
        let held = erasures::count_signups(tx, address_key).await? > 0
            || !privacy_requests::list_of(tx, address_key).await?.is_empty();
        let all = Erasure { address_key, subscriber_id: None, forms: None };
        delete(tx, case, all, by).await?;
        held
    };
    suppressions::insert(
        tx,
        case.at.now,
        &Suppressed::new(address_key, SuppressionReason::Erased, None),
    )
    .await?;
    how.end(tx, held).await?;
    Ok(held)
}

/// Erases a subscriber, unlike [`erase`] as by their own link: `false` where the database does not know them, though it
/// is noted outside that they left.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase_subscriber(
    tx: &mut Tx,
    settings: &FlowSettings,
    subscriber_id: Uuid,
    how: Erasing<'_>,
) -> Result<bool, Error> {
    let erased = forget(tx, settings.at(how.at), subscriber_id, how.by()).await?;
    if let Some(address_key) = &erased {
        suppressions::insert(
            tx,
            how.at.now,
            &Suppressed::new(address_key, SuppressionReason::Erased, None),
        )
        .await?;
    }
    how.end(tx, erased.is_some()).await?;
    Ok(erased.is_some())
}

/// What an erasure deletes.
#[derive(Clone, Copy)]
pub struct Erasure<'a> {
    /// Whose: the key of the address.
    pub address_key: &'a AddressKey,
    /// The subscriber of that address, locked, if there is one.
    pub subscriber_id: Option<Uuid>,
    /// Of the address's forms these alone; `None` for all of them.
    pub forms: Option<&'a [Uuid]>,
}

/// Erases what an erasure of before was about, and no more than that.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase_again(
    tx: &mut Tx,
    case: Case<'_>,
    what: Erasure<'_>,
    by: By<'_>,
) -> Result<(), Error> {
    delete(tx, case, what, by).await?;
    let gone = Suppressed::new(what.address_key, SuppressionReason::Erased, None);
    suppressions::insert(tx, case.at.now, &gone).await?;
    Ok(())
}

/// Notes that they leave, and deletes all that is held of them. The key of their address; `None` where the database
/// does not know them.
async fn forget(
    tx: &mut Tx,
    case: Case<'_>,
    subscriber_id: Uuid,
    by: By<'_>,
) -> Result<Option<AddressKey>, Error> {
    // Before anything is locked that somebody who decides mail may wait for.
    if let Some(address_key) = subscribers::find_key(tx, subscriber_id).await? {
        limited_mails::take_turns_of(tx, &address_key).await?;
    }
    note_left(tx, case, subscriber_id, &Leaving::All).await?;
    // Whoever is confirming or leaving at this moment finishes first: what they add goes as well.
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else { return Ok(None) };
    note_address_left(tx, case, &subscriber, &Leaving::All).await?;
    let address_key = subscriber.address_key;
    let all =
        Erasure { address_key: &address_key, subscriber_id: Some(subscriber_id), forms: None };
    delete(tx, case, all, by).await?;
    Ok(Some(address_key))
}

/// Deletes it, and says so in the ledger with what lost body and salt: of each purpose that the subscriber was ever
/// recorded for, that it ended so.
async fn delete(tx: &mut Tx, case: Case<'_>, what: Erasure<'_>, by: By<'_>) -> Result<(), Error> {
    let Erasure { address_key, subscriber_id, forms } = what;
    let recorded = match subscriber_id {
        Some(subscriber_id) => {
            let purposes = consents::list_states(tx, subscriber_id).await?;
            Some((Order::reserve(tx, case, subscriber_id, purposes.len()).await?, purposes))
        }
        None => None,
    };
    let emptied = match forms {
        Some(forms) => erasures::delete_one(tx, address_key, (subscriber_id, forms)).await?,
        None => erasures::delete_all(tx, address_key, subscriber_id).await?,
    };
    // What they asked for stays on record, with no more than proves that it was answered.
    request_letters::mark_erased(tx, case.at.now, address_key).await?;
    request_letters::reduce(tx).await?;
    if let Some(subscriber_id) = subscriber_id {
        listeners(tx).await?.tell_erased(tx, case.at, subscriber_id).await?;
    }
    let Some((mut order, purposes)) = recorded.filter(|(_, purposes)| !purposes.is_empty()) else {
        return record_purge(tx, case.at, case.settings, &emptied).await;
    };
    let mut named = emptied_by(&emptied);
    let mut events = Vec::with_capacity(purposes.len());
    for (purpose, _) in &purposes {
        events.push(order.erased(purpose, by, &named)?);
        named = Emptied::default();
    }
    Ok(events::append_all(tx, &events).await?)
}
