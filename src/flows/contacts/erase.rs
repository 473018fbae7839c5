//! Somebody is erased (GDPR Art. 17).

use assent_ledger::record::Emptied;
use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::form_state::Method;
use crate::domain::staff::action::Action;
use crate::flows::consent::withdraw::{Leaving, note_address_left, note_left};
use crate::flows::ledger::evidence::{Order, erased};
use crate::flows::ledger::keep_record::{emptied_by, record_purge};
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::consent::{consents, events};
use crate::store::contacts::subscribers::Subscriber;
use crate::store::contacts::{erasures, subscribers, suppressions};
use crate::store::mail::limited_mails;
use crate::store::staff::audit_entries;
use crate::store::{Effect, Tx};

/// How somebody is erased.
#[derive(Clone, Copy)]
pub struct Erasing<'a> {
    /// When.
    pub at: &'a Moment,
    /// How they asked, as evidence says it.
    pub method: Method,
    /// Where, as evidence names it.
    pub source: &'a str,
    /// Who does it, where that is not the person: the audit tells it, and not whom.
    pub actor: Option<&'a str>,
}

impl Erasing<'_> {
    /// Has the audit tell whether anything was held, and the log forget it.
    async fn end(&self, tx: &mut Tx, held: bool) -> Result<(), Error> {
        if let Some(actor) = self.actor {
            let detail = json!({"held": held});
            audit_entries::append(tx, self.at, actor, Action::Erase, &detail).await?;
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
    let (at, by) = (how.at, (how.method, how.source));
    let known = subscribers::find_id(tx, address_key).await?;
    let erased = match known {
        Some(subscriber_id) => forget(tx, at, settings, subscriber_id, by).await?,
        None => None,
    };
    let held = erased.is_some() || forget_forms(tx, at, settings, address_key).await?;
    suppressions::insert(tx, at.now, address_key, SuppressionReason::Erased, None).await?;
    how.end(tx, held).await?;
    Ok(held)
}

/// The same of a subscriber, as by their own link: `false` where the database does not know them, though it is noted
/// outside that they left.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase_subscriber(
    tx: &mut Tx,
    settings: &FlowSettings,
    subscriber_id: Uuid,
    how: Erasing<'_>,
) -> Result<bool, Error> {
    let (at, by) = (how.at, (how.method, how.source));
    let erased = forget(tx, at, settings, subscriber_id, by).await?;
    if let Some(address_key) = &erased {
        suppressions::insert(tx, at.now, address_key, SuppressionReason::Erased, None).await?;
    }
    how.end(tx, erased.is_some()).await?;
    Ok(erased.is_some())
}

/// Erases what an erasure of before was about: this locked subscriber, if one is left, and these of their forms alone.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase_again(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    address_key: &AddressKey,
    (subscriber, forms): (Option<&Subscriber<String>>, &[Uuid]),
    by: (Method, &str),
) -> Result<(), Error> {
    if let Some(subscriber) = subscriber {
        delete(tx, at, settings, (subscriber, Some(forms)), by).await?;
    } else {
        let emptied = erasures::delete_one(tx, address_key, (None, forms)).await?;
        record_purge(tx, at, settings, &emptied).await?;
    }
    suppressions::insert(tx, at.now, address_key, SuppressionReason::Erased, None).await?;
    Ok(())
}

/// Notes that they leave, and deletes all that is held of them. The key of their address; `None` where the database
/// does not know them.
async fn forget(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    subscriber_id: Uuid,
    by: (Method, &str),
) -> Result<Option<AddressKey>, Error> {
    // Before anything is locked that somebody who decides mail may wait for.
    if let Some(address_key) = subscribers::find_key(tx, subscriber_id).await? {
        limited_mails::take_turns_of(tx, &address_key).await?;
    }
    note_left(tx, at, settings, subscriber_id, &Leaving::All).await?;
    // Whoever is confirming or leaving at this moment finishes first: what they add goes as well.
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else { return Ok(None) };
    note_address_left(tx, at, settings, &subscriber, &Leaving::All).await?;
    delete(tx, at, settings, (&subscriber, None), by).await?;
    Ok(Some(subscriber.address_key))
}

/// Deletes it, and says so in the ledger with what lost body and salt: of each purpose that the subscriber was ever
/// recorded for, that it ended so. All forms of their address go, unless only some are named.
async fn delete(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    (subscriber, forms): (&Subscriber<String>, Option<&[Uuid]>),
    by: (Method, &str),
) -> Result<(), Error> {
    let subscriber_id = subscriber.subscriber_id;
    let purposes = consents::list_states(tx, subscriber_id).await?;
    let mut order = Order::reserve(tx, subscriber_id, purposes.len()).await?;
    let (address_key, own) = (&subscriber.address_key, Some(subscriber_id));
    let emptied = match forms {
        Some(forms) => erasures::delete_one(tx, address_key, (own, forms)).await?,
        None => erasures::delete_all(tx, address_key, own).await?,
    };
    if purposes.is_empty() {
        record_purge(tx, at, settings, &emptied).await?;
    }
    let mut named = emptied_by(&emptied);
    let mut events = Vec::with_capacity(purposes.len());
    for (purpose, _) in &purposes {
        events.push(erased(at, settings, purpose, by, (&mut order, &named))?);
        named = Emptied::default();
    }
    Ok(events::append_all(tx, at.now, &events).await?)
}

/// Deletes the forms of somebody who never confirmed one; the ledger says no more than where their events stand.
async fn forget_forms(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    address_key: &AddressKey,
) -> Result<bool, Error> {
    let held = erasures::count_signups(tx, address_key).await? > 0;
    let emptied = erasures::delete_all(tx, address_key, None).await?;
    record_purge(tx, at, settings, &emptied).await?;
    Ok(held)
}
