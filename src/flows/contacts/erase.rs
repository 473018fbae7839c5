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
use crate::flows::{Error, Terms};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::consent::{consents, events};
use crate::store::contacts::subscribers::Subscriber;
use crate::store::contacts::{erasures, subscribers, suppressions};
use crate::store::mail::limited_mails;
use crate::store::staff::audit_entries;

/// Deletes all that is held of an address but the leaves of its events, and suppresses it under its key
/// until its owner comes back by a confirmation of their own: also where nothing is held, for the database may have been
/// made to say so. `false` then; commit all the same. An erasure says of each purpose ever recorded that it ended so.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    address_key: &AddressKey,
    by: (Method, &str),
) -> Result<bool, Error> {
    let known = subscribers::find_id(tx, address_key).await?;
    let erased = match known {
        Some(subscriber_id) => forget(tx, at, terms, subscriber_id, by).await?,
        None => None,
    };
    let held = erased.is_some() || forget_forms(tx, at, terms, address_key).await?;
    suppressions::insert(tx, at.now, address_key, SuppressionReason::Erased, None).await?;
    Ok(held)
}

/// The same of a subscriber, as by their own link: `false` where the database does not know them. Commit all the same,
/// for it is noted outside that they left.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase_subscriber(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    subscriber_id: Uuid,
    by: (Method, &str),
) -> Result<bool, Error> {
    let Some(address_key) = forget(tx, at, terms, subscriber_id, by).await? else {
        return Ok(false);
    };
    suppressions::insert(tx, at.now, &address_key, SuppressionReason::Erased, None).await?;
    Ok(true)
}

/// Erases what an erasure of before was about: this locked subscriber, if one is left, and these of their forms alone.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn erase_again(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    address_key: &AddressKey,
    (subscriber, forms): (Option<&Subscriber<String>>, &[Uuid]),
    by: (Method, &str),
) -> Result<(), Error> {
    if let Some(subscriber) = subscriber {
        delete(tx, at, terms, (subscriber, Some(forms)), by).await?;
    } else {
        let emptied = erasures::delete_one(tx, address_key, (None, forms)).await?;
        record_purge(tx, at, terms, &emptied).await?;
    }
    suppressions::insert(tx, at.now, address_key, SuppressionReason::Erased, None).await?;
    Ok(())
}

/// Writes down that staff had an address erased, and whether anything was held of it; not the address.
///
/// # Errors
/// When the database does not take it.
pub async fn record_erasure(
    tx: &mut Tx,
    at: &Moment,
    actor: &str,
    held: bool,
) -> Result<(), Error> {
    Ok(audit_entries::append(tx, at, actor, Action::Erase, &json!({"held": held})).await?)
}

/// Notes that they leave, and deletes all that is held of them. The key of their address; `None` where the database
/// does not know them.
async fn forget(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    subscriber_id: Uuid,
    by: (Method, &str),
) -> Result<Option<AddressKey>, Error> {
    // Before anything is locked that somebody who decides mail may wait for.
    if let Some(address_key) = subscribers::find_key(tx, subscriber_id).await? {
        limited_mails::take_turns_of(tx, &address_key).await?;
    }
    note_left(tx, at, terms, subscriber_id, &Leaving::All).await?;
    // Whoever is confirming or leaving at this moment finishes first: what they add goes as well.
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else { return Ok(None) };
    note_address_left(tx, at, terms, &subscriber, &Leaving::All).await?;
    delete(tx, at, terms, (&subscriber, None), by).await?;
    Ok(Some(subscriber.address_key))
}

/// Deletes it, and says so in the ledger with what lost body and salt: of each purpose that the subscriber was ever
/// recorded for, that it ended so. All forms of their address go, unless only some are named.
async fn delete(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
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
        record_purge(tx, at, terms, &emptied).await?;
    }
    let mut named = emptied_by(&emptied);
    let mut events = Vec::with_capacity(purposes.len());
    for (purpose, _) in &purposes {
        events.push(erased(at, terms, purpose, by, (&mut order, &named))?);
        named = Emptied::default();
    }
    Ok(events::append_all(tx, at.now, &events).await?)
}

/// Deletes the forms of somebody who never confirmed one; the ledger says no more than where their events stand.
async fn forget_forms(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    address_key: &AddressKey,
) -> Result<bool, Error> {
    let held = erasures::count_signups(tx, address_key).await? > 0;
    let emptied = erasures::delete_all(tx, address_key, None).await?;
    record_purge(tx, at, terms, &emptied).await?;
    Ok(held)
}
