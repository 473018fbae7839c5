//! A reader asks for a link again. All of it counts against the mailbox's limit, and a link is superseded
//! only in the transaction that decides the mail with the new one. Where a mail with it waits already, that is
//! the mail. Whether one may be sent is not to be told from the time an answer takes: what is not sent is written down
//! and committed too.

use crate::domain::alarm::{OnCollapse, confirmations};
use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::link::Link;
use crate::domain::signup::submitted_form::SignupStatus;
use crate::flows::signup::confirm::{LinkState, link_state};
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::alarms;
use crate::store::mail::limited_mails::{self, LimitedMail, LimitedMails};
use crate::store::signup::download_grants::{self, DownloadGrant};
use crate::store::signup::link_requests::LinkRequest;
use crate::store::signup::signups::{self, Signup};

/// Of how many reports the links are mailed to who lost one and says no more than their address.
const MOST: i64 = 3;

/// Mails once more what a signup led to: the link that confirms it, or once it is confirmed the link to its
/// download; one without a download has nothing to be mailed. `false`, and nothing is written, when it was settled or
/// revoked meanwhile. `true` does not say whether a mail follows.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn send_again(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    signup: &Signup,
) -> Result<bool, Error> {
    let sent = again(tx, settings.at(at), signup).await?;
    if !sent {
        tx.give_up();
    }
    Ok(sent)
}

async fn again(tx: &mut Tx, case: Case<'_>, signup: &Signup) -> Result<bool, Error> {
    if signup.status != SignupStatus::Confirmed {
        return confirmation_again(tx, case, signup).await;
    }
    if let Some(grant) = download_grants::find(tx, signup.signup_id).await? {
        return download_again(tx, case, &grant).await;
    }
    let idle = Some("it is confirmed, and has no report");
    let mail = LimitedMail { idle, replaces: None, ..confirmation(case, signup) };
    Ok(mails(tx, case, MailKind::Confirm, mail).await?.is_some())
}

/// Mails once more what the newest forms of an address led to, one of each report, newest first: unlike [`send_again`]
/// for an owner who has no whole link at hand, and so no form to name. A form that rests confirms nobody new.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub(in crate::flows) async fn send_newest_again(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    asked: &LinkRequest,
) -> Result<(), Error> {
    limited_mails::take_turn(tx, &asked.limiter_key).await?;
    // Whoever types an address keeps nobody's form from being deleted in its time.
    let times = (at.now, at.now.minus(settings.pending_retention));
    let forms = signups::lock_newest(tx, &asked.address_key, times, MOST).await?;
    if forms.is_empty() {
        return Ok(());
    }
    let alarms = match settings.on_collapse {
        OnCollapse::Pause => alarms::list(tx).await?,
        OnCollapse::Alarm | OnCollapse::Off => vec![],
    };
    for signup in &forms {
        let form = confirmations(signup.report_slug.as_ref());
        let rests = alarms.iter().any(|alarm| alarm.subject == form);
        if signup.status == SignupStatus::Confirmed || !rests {
            // All are locked, so none was settled meanwhile.
            again(tx, settings.at(at), signup).await?;
        }
    }
    Ok(())
}

/// Mails the link of a signup that waits or expired: as it is while it works, else the next generation, by which
/// older ones are superseded; unless the limit or a suppression forbids it. `false`, and nothing is written, when the
/// signup is settled or erased.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn fresh_confirmation(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    signup: &Signup,
) -> Result<bool, Error> {
    let sent = confirmation_again(tx, settings.at(at), signup).await?;
    if !sent {
        tx.give_up();
    }
    Ok(sent)
}

async fn confirmation_again(tx: &mut Tx, case: Case<'_>, signup: &Signup) -> Result<bool, Error> {
    let newest = Link { id: signup.signup_id, generation: signup.generation };
    let works = link_state(signup, newest, case.at.now) == LinkState::Open;
    let expires_at = case.settings.confirm_ttl.ends(case.at.now, &case.settings.timezone);
    let mail = confirmation(case, signup);
    let Some(mailed) = mails(tx, case, MailKind::Confirm, mail).await? else {
        return Ok(false);
    };
    Ok(!mailed || works || signups::mark_fresh(tx, signup.signup_id, expires_at).await?)
}

/// Mails the link of a download grant: as it is while it works, else the next generation, with a new term and a
/// full count; never after it was revoked. Unless the limit or a suppression forbids it. `false`, and nothing is
/// written, when it was revoked or erased.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn fresh_download(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    grant: &DownloadGrant,
) -> Result<bool, Error> {
    let sent = download_again(tx, settings.at(at), grant).await?;
    if !sent {
        tx.give_up();
    }
    Ok(sent)
}

pub(super) async fn download_again(
    tx: &mut Tx,
    case: Case<'_>,
    grant: &DownloadGrant,
) -> Result<bool, Error> {
    let mail = LimitedMail {
        outbox_id: case.at.new_id(),
        signup_id: Some(grant.signup_id),
        subscriber_id: None,
        address_key: grant.address_key.clone(),
        limiter_key: grant.limiter_key.clone(),
        replaces: Some(grant.signup_id),
        idle: None,
        request_id: case.at.request_id().cloned(),
    };
    let works = grant.works(case.at.now, grant.generation);
    let expires_at = case.settings.download_ttl.ends(case.at.now, &case.settings.timezone);
    let Some(mailed) = mails(tx, case, MailKind::DownloadLink, mail).await? else {
        return Ok(false);
    };
    let limit = case.settings.download_limit;
    Ok(!mailed
        || works
        || download_grants::mark_fresh(tx, grant.download_grant_id, expires_at, limit).await?)
}

fn confirmation(case: Case<'_>, signup: &Signup) -> LimitedMail {
    let Case { at, settings } = case;
    LimitedMail {
        outbox_id: settings.evidence_key.mail_id(&signup.address_key, at.new_id()),
        signup_id: Some(signup.signup_id),
        subscriber_id: None,
        address_key: signup.address_key.clone(),
        limiter_key: signup.limiter_key.clone(),
        replaces: Some(signup.signup_id),
        idle: None,
        request_id: at.request_id().cloned(),
    }
}

/// Whether this mail will be sent; `None` where its signup was erased meanwhile.
pub(super) async fn mails(
    tx: &mut Tx,
    case: Case<'_>,
    kind: MailKind,
    mail: LimitedMail,
) -> Result<Option<bool>, Error> {
    // Whoever holds the turn may be about to forget the same row, or to erase.
    limited_mails::take_turn(tx, &mail.limiter_key).await?;
    if let Some(signup_id) = mail.signup_id {
        if !signups::keep(tx, signup_id).await? {
            return Ok(None);
        }
        limited_mails::delete_idle(tx, kind, signup_id).await?;
    }
    let mails = LimitedMails { kind, limit: &case.settings.mail_limit, rows: &[&mail] };
    let sent = limited_mails::insert_all(tx, case.at.now, mails).await?;
    Ok(Some(sent > 0))
}
