//! Somebody lost the link to their choices and types an address. What is written, and what is answered,
//! is the same whether or not it is known; the worker mails the known ones.

use super::{Error, Terms};
use crate::domain::email_address::EmailAddress;
use crate::domain::outbox::MailKind;
use crate::random::Moment;
use crate::store::outbox::{self, LimitedMail};
use crate::store::{Tx, link_requests, subscribers};

/// How many wishes one transaction answers.
const AT_ONCE: i64 = 256;

/// Writes the wish down.
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
    Ok(link_requests::insert(tx, at, &who, &mailbox).await?)
}

/// Decides the mail of wishes that wait, within the limit of each mailbox; returns how many waited. Call
/// it again while there are any.
///
/// # Errors
/// When the database does not take it.
pub async fn answer_link_requests(tx: &mut Tx, at: &Moment, terms: &Terms) -> Result<usize, Error> {
    let asked = link_requests::take(tx, AT_ONCE).await?;
    let mut mails = Vec::with_capacity(asked.len());
    for request in &asked {
        if let Some(subscriber_id) = subscribers::find_id(tx, &request.address_key).await? {
            mails.push(LimitedMail {
                outbox_id: at.new_id(),
                signup_id: None,
                subscriber_id: Some(subscriber_id),
                address_key: request.address_key.clone(),
                limiter_key: request.limiter_key.clone(),
            });
        }
    }
    if !mails.is_empty() {
        let (kind, limit) = (MailKind::PreferencesLink, &terms.mail_limit);
        outbox::insert_limited(tx, at.now, kind, limit, &mails).await?;
    }
    Ok(asked.len())
}
