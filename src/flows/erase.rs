//! Somebody is erased (GDPR Art. 17).

use serde_json::json;
use uuid::Uuid;

use super::evidence::{Order, erased};
use super::keep_record::{emptied_by, record_purge};
use super::withdraw::{Leaving, note_address_left, note_left};
use super::{Error, Terms};
use crate::domain::action::Action;
use crate::domain::address_key::AddressKey;
use crate::domain::consent::Emptied;
use crate::domain::signup::Method;
use crate::domain::suppression::SuppressionReason;
use crate::random::Moment;
use crate::store::{
    Tx, audit_entries, consent_events, consents, erasures, subscribers, suppressions,
};

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

/// Deletes it all, and says so in the ledger with what lost body and salt: of each purpose that the subscriber was ever
/// recorded for, that it ended so. The key of their address; `None` where the database does not know them.
async fn forget(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    subscriber_id: Uuid,
    by: (Method, &str),
) -> Result<Option<AddressKey>, Error> {
    note_left(tx, at, terms, subscriber_id, &Leaving::All).await?;
    // Whoever is confirming or leaving at this moment finishes first: what they add goes as well.
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else { return Ok(None) };
    note_address_left(tx, at, terms, &subscriber, &Leaving::All).await?;
    let purposes = consents::list_states(tx, subscriber_id).await?;
    let mut order = Order::reserve(tx, subscriber_id, purposes.len()).await?;
    let emptied = erasures::delete_all(tx, &subscriber.address_key, Some(subscriber_id)).await?;
    if purposes.is_empty() {
        record_purge(tx, at, terms, &emptied).await?;
    }
    let mut named = emptied_by(&emptied);
    let mut events = Vec::with_capacity(purposes.len());
    for (purpose, _) in &purposes {
        events.push(erased(at, terms, purpose, by, (&mut order, &named))?);
        named = Emptied::default();
    }
    consent_events::append_all(tx, at.now, &events).await?;
    Ok(Some(subscriber.address_key))
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
