//! Somebody lost the link to their choices, or their password for the console, and types an address. What is written, and what is answered,
//! is the same whether or not it is known; the worker mails the known ones.

use super::set_password::answer_forgotten;
use super::{Error, Terms};
use crate::domain::address_key::AddressKey;
use crate::domain::email_address::EmailAddress;
use crate::domain::outbox::MailKind;
use crate::random::Moment;
use crate::store::limited_mails::{self, LimitedMail};
use crate::store::link_requests::{self, Door};
use crate::store::{Tx, subscribers};

/// How many wishes one transaction answers.
const AT_ONCE: i64 = 256;

/// Writes the wish for the link to one's choices down.
///
/// # Errors
/// When the database does not take it.
pub async fn ask_for_link(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    email: &EmailAddress,
) -> Result<(), Error> {
    let (who, mailbox) = (terms.address_secret.key(email), terms.address_secret.limiter_key(email));
    Ok(link_requests::insert(tx, at, Door::Preferences, &who, &mailbox).await?)
}

/// Writes the wish for a new password down.
///
/// # Errors
/// When the database does not take it.
pub async fn ask_for_password(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    email: &EmailAddress,
) -> Result<(), Error> {
    let secret = &terms.address_secret;
    let (who, mailbox) = (secret.account_key(email), secret.limiter_key(email));
    Ok(link_requests::insert(tx, at, Door::Password, &who, &mailbox).await?)
}

/// Decides the mail of wishes that wait, within the limit of each mailbox; returns how many waited. Call
/// it again while there are any.
///
/// # Errors
/// When the database does not take it.
pub async fn answer_link_requests(tx: &mut Tx, at: &Moment, terms: &Terms) -> Result<usize, Error> {
    let asked = link_requests::take(tx, AT_ONCE).await?;
    let (choices, passwords): (Vec<_>, Vec<_>) =
        asked.iter().partition(|request| request.door == Door::Preferences);
    let mut mails = Vec::with_capacity(choices.len());
    for request in choices {
        if let Some(subscriber_id) = subscribers::find_id(tx, &request.address_key).await? {
            mails.push(LimitedMail {
                outbox_id: at.new_id(),
                signup_id: None,
                subscriber_id: Some(subscriber_id),
                address_key: request.address_key.clone(),
                limiter_key: request.limiter_key.clone(),
                replaces: None,
                idle: None,
            });
        }
    }
    if !mails.is_empty() {
        let (kind, limit) = (MailKind::PreferencesLink, &terms.mail_limit);
        limited_mails::insert_all(tx, at.now, kind, limit, &mails).await?;
    }
    let forgotten: Vec<AddressKey> = passwords.iter().map(|r| r.address_key.clone()).collect();
    answer_forgotten(tx, at, terms, &forgotten).await?;
    Ok(asked.len())
}
