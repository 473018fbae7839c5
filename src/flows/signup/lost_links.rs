//! Somebody lost a link, or their password for the console, and types an address. What is written, and what is
//! answered, is the same whether or not it is known; the worker mails the known ones.

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::outbox::MailKind;
use crate::flows::signup::send_fresh_link::send_newest_again;
use crate::flows::staff::set_password::answer_forgotten;
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::contacts::subscribers;
use crate::store::mail::limited_mails::{self, LimitedMail, LimitedMails};
use crate::store::signup::link_requests::{self, LinkRequest, NewLinkRequest, WantedLink};

/// How many requests one transaction answers.
const AT_ONCE: i64 = 256;

/// Writes down that somebody asked for a link.
pub async fn ask_for_link(
    tx: &mut Tx,
    case: Case<'_>,
    wanted: WantedLink,
    email: &EmailAddress,
) -> Result<(), Error> {
    let secret = &case.settings.address_secret;
    let address_key = &match wanted {
        WantedLink::Password => secret.account_key(email),
        WantedLink::Preferences | WantedLink::Form => secret.key(email),
    };
    let limiter_key = &secret.limiter_key(email);
    let new = NewLinkRequest { wanted, address_key, limiter_key };
    Ok(link_requests::insert(tx, case.at, new).await?)
}

/// Decides the mail of requests that wait, within the limit of each mailbox: of some for the same link as the oldest.
/// Returns how many. Call it again while there are any.
pub async fn answer_link_requests(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
) -> Result<usize, Error> {
    let Some(wanted) = link_requests::find_oldest(tx).await? else { return Ok(0) };
    // Forms are locked, and whoever locks those of several people may wait for somebody who waits for them.
    let most = if wanted == WantedLink::Form { 1 } else { AT_ONCE };
    let asked = link_requests::take(tx, wanted, most).await?;
    match wanted {
        WantedLink::Preferences => answer_lost(tx, at, settings, &asked).await?,
        WantedLink::Password => answer_forgotten(tx, at, settings, &asked).await?,
        WantedLink::Form => {
            for request in &asked {
                let at = at.for_request(request.request_id.clone());
                send_newest_again(tx, &at, settings, request).await?;
            }
        }
    }
    Ok(asked.len())
}

/// Mails the link to their choices to those who are known.
async fn answer_lost(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    asked: &[LinkRequest],
) -> Result<(), Error> {
    let mut mails = Vec::with_capacity(asked.len());
    for request in asked {
        if let Some(subscriber_id) = subscribers::find_id(tx, &request.address_key).await? {
            mails.push(LimitedMail {
                outbox_id: at.new_id(),
                signup_id: None,
                subscriber_id: Some(subscriber_id),
                address_key: request.address_key.clone(),
                limiter_key: request.limiter_key.clone(),
                replaces: None,
                idle: None,
                request_id: request.request_id.clone(),
            });
        }
    }
    if !mails.is_empty() {
        let (kind, limit) = (MailKind::PreferencesLink, &settings.mail_limit);
        let rows = &mails.iter().collect::<Vec<_>>();
        limited_mails::insert_all(tx, at.now, LimitedMails { kind, limit, rows }).await?;
    }
    Ok(())
}
