//! A reader asks for a link again. A link that still works is mailed as it is; one whose time is over
//! gets its next generation. All of it counts against the mailbox's limit.

use super::confirm::{Standing, standing};
use super::{Error, Terms};
use crate::domain::link::Link;
use crate::domain::outbox::MailKind;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::download_grants::{self, DownloadGrant};
use crate::store::outbox::{self, LimitedMail};
use crate::store::signups::{self, Signup};

/// Mails the link of a signup that waits or expired. `false` when nothing is mailed: the signup is
/// settled, or the limit or a suppression forbids it. Then do not commit.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn fresh_confirmation(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    signup: &Signup,
) -> Result<bool, Error> {
    let newest = Link { id: signup.signup_id, generation: signup.generation };
    let renews = match standing(signup, newest, at.now) {
        Standing::Open => false,
        Standing::Expired => true,
        Standing::Confirmed | Standing::Superseded | Standing::Cancelled => return Ok(false),
    };
    let mail = LimitedMail {
        outbox_id: at.new_id(),
        signup_id: signup.signup_id,
        address_key: signup.address_key.clone(),
        limiter_key: signup.limiter_key.clone(),
    };
    if !mails(tx, at, terms, MailKind::Confirm, mail).await? {
        return Ok(false);
    }
    let expires_at = at.now.plus(terms.confirm_ttl);
    Ok(!renews || signups::mark_fresh(tx, signup.signup_id, expires_at).await?)
}

/// Mails the link of a download grant, renewed when it expired or was used up; never after it was
/// revoked. `false` when nothing is mailed. Then do not commit.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn fresh_download(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    grant: &DownloadGrant,
) -> Result<bool, Error> {
    if grant.revoked_at.is_some() {
        return Ok(false);
    }
    let mail = LimitedMail {
        outbox_id: at.new_id(),
        signup_id: grant.signup_id,
        address_key: grant.address_key.clone(),
        limiter_key: grant.limiter_key.clone(),
    };
    if !mails(tx, at, terms, MailKind::DownloadLink, mail).await? {
        return Ok(false);
    }
    if grant.works(at.now, grant.generation) {
        return Ok(true);
    }
    let (id, expires_at) = (grant.download_grant_id, at.now.plus(terms.download_ttl));
    Ok(download_grants::mark_fresh(tx, id, expires_at, terms.download_limit).await?)
}

async fn mails(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    kind: MailKind,
    mail: LimitedMail,
) -> Result<bool, Error> {
    let mailed = outbox::insert_limited(tx, at.now, kind, &terms.mail_limit, &[mail]).await?;
    Ok(!mailed.is_empty())
}
