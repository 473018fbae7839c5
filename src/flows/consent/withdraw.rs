//! Leaving: no sign-in, no reason, and it holds in the transaction that records it (GDPR Art. 7(3),
//! 21(2)).

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::mail::outbox::MailKind;
use crate::flows::consent::record_consent::{End, end};
use crate::flows::{By, Case, Error};
use crate::outside::Scope;
use crate::store::Tx;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::contacts::subscribers;
use crate::store::contacts::subscribers::Subscriber;
use crate::store::mail::outbox::{self, About};

/// What somebody leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Everything.
    All,
    /// All that they can be written to for: everything but the privacy policy.
    Writing,
    /// One purpose; the privacy policy takes the others with it, for nothing stands without it.
    One(Purpose),
}

impl Leaving {
    /// Whether this consent ends.
    #[must_use]
    pub fn ends(&self, purpose: &Purpose) -> bool {
        match self {
            Self::All => true,
            Self::Writing => !purpose.is_privacy_policy(),
            Self::One(one) => one.is_privacy_policy() || one == purpose,
        }
    }

    /// Those of these consents that end.
    #[must_use]
    pub fn of<'a>(&self, consents: &'a [CurrentConsent]) -> Vec<&'a CurrentConsent> {
        consents.iter().filter(|consent| self.ends(&consent.purpose)).collect()
    }

    /// What is noted of it outside the database, by this key.
    fn scope(&self, key: AddressKey) -> Scope {
        match self {
            leaving if leaving.ends(&Purpose::privacy_policy()) => Scope::left(key, None),
            Self::One(purpose) => Scope::left(key, Some(purpose)),
            Self::All | Self::Writing => Scope::left_mail(key),
        }
    }
}

/// Who leaves, and what.
#[derive(Clone, Copy, Debug)]
pub struct Leave<'a> {
    /// The subscriber.
    pub subscriber_id: Uuid,
    /// What they leave.
    pub leaving: &'a Leaving,
}

/// Withdraws what is in force of what somebody leaves, and mails a receipt of it; returns the purposes that
/// ended. Of two withdrawals at once the second finds nothing in force; neither does one of somebody
/// erased. Whatever comes of it: that they left is noted outside, whether or not the database knows of
/// anything that they leave.
///
/// # Errors
/// When the database does not take it; then nothing is withdrawn.
pub async fn withdraw(
    tx: &mut Tx,
    case: Case<'_>,
    Leave { subscriber_id, leaving }: Leave<'_>,
    by: By<'_>,
) -> Result<Vec<Purpose>, Error> {
    note_left(tx, case, subscriber_id, leaving).await?;
    let Some(subscriber) = subscribers::lock(tx, subscriber_id).await? else {
        return Ok(vec![]);
    };
    note_address_left(tx, case, &subscriber, leaving).await?;
    let consents = consents::list(tx, subscriber_id).await?;
    let consents = leaving.of(&consents);
    let withdrawn = End { consents, event_type: EventType::Withdrawn, by };
    let ended = end(tx, case, &subscriber, withdrawn).await?;
    if !ended.is_empty() {
        outbox::insert(tx, case.at, MailKind::Change, About::Subscriber(subscriber_id)).await?;
    }
    Ok(ended)
}

/// Notes outside that they leave, by the key of the subscriber, whom their link names: before the database is asked of
/// them, and whatever it says at this moment.
///
/// # Errors
/// When what is kept outside cannot be read.
pub(in crate::flows) async fn note_left(
    tx: &mut Tx,
    case: Case<'_>,
    subscriber_id: Uuid,
    leaving: &Leaving,
) -> Result<(), Error> {
    let key = case.settings.address_secret.subscriber_key(subscriber_id);
    Ok(tx.note_left(case.at.now, leaving.scope(key)).await?)
}

/// Notes outside that they leave, unlike [`note_left`] by the key of their address, for another hand may have given
/// that to two subscribers; not by one that is not theirs.
///
/// # Errors
/// When what is kept outside cannot be read.
pub(in crate::flows) async fn note_address_left(
    tx: &mut Tx,
    case: Case<'_>,
    subscriber: &Subscriber<String>,
    leaving: &Leaving,
) -> Result<(), Error> {
    let (address_key, mac) = (&subscriber.address_key, subscriber.mac.as_deref());
    let address = (subscriber.email.as_str(), address_key);
    if case.settings.demand_own_address(subscriber.subscriber_id, address, mac).is_ok() {
        tx.note_left(case.at.now, leaving.scope(address_key.clone())).await?;
    }
    Ok(())
}
