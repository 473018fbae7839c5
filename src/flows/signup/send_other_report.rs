//! Who has one report asks for another by one press: its link goes to their mailbox. They agreed to the privacy policy
//! before, so nothing is agreed to anew and no evidence is made; a form without choices says that it was asked for.

use uuid::Uuid;

use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::submitted_form::{BY_PRESS, DrawnBy, Method};
use crate::flows::signup::send_fresh_link::{download_again, mails};
use crate::flows::{Case, Error};
use crate::store::Tx;
use crate::store::consent::consents;
use crate::store::contacts::subscribers;
use crate::store::mail::limited_mails::{self, LimitedMail};
use crate::store::signup::download_grants::{self, DownloadGrant, NewDownloadGrant};
use crate::store::signup::signups::{self, BoundSignup, NewSignup};

/// The report that is asked for, and what its form would show.
#[derive(Clone, Copy)]
pub struct OtherReport {
    /// Its key.
    pub report_id: Uuid,
    /// The policy in force, which they must have agreed to.
    pub policy_version_id: Uuid,
}

/// Mails the link to another report to the holder of this grant, within the caps of their mailbox; where they may fetch it
/// already, that link again. `false`, and nothing is written, when they did not agree to the policy in force, or left it,
/// or were erased. `true` does not say whether a mail follows.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn send_other_report(
    tx: &mut Tx,
    case: Case<'_>,
    held: &DownloadGrant,
    other: OtherReport,
) -> Result<bool, Error> {
    // Of two presses at once, the second finds what the first one gave.
    limited_mails::take_turn(tx, &held.limiter_key).await?;
    let sent = send(tx, case, held, other).await?;
    if !sent {
        tx.give_up();
    }
    Ok(sent)
}

async fn send(
    tx: &mut Tx,
    case: Case<'_>,
    held: &DownloadGrant,
    other: OtherReport,
) -> Result<bool, Error> {
    let Case { at, settings } = case;
    let id = held.subscriber_id;
    let standing = consents::list(tx, id).await?;
    if !standing.iter().any(|standing| standing.agrees_to(other.policy_version_id)) {
        return Ok(false);
    }
    if let Some(own) = download_grants::find_newest(tx, id, other.report_id).await? {
        return download_again(tx, case, &own).await;
    }
    let form = form(case, held, other);
    let reaches = subscribers::list_reaches(tx, &[&held.address_key]).await?;
    let Some(&reach) = reaches.get(&held.address_key) else { return Ok(false) };
    let mac = settings.evidence_key.signup(&form.fields(reach));
    signups::insert_all(tx, &[BoundSignup { signup: &form, reach, mac }]).await?;
    let Some(signup) = signups::find(tx, form.signup_id).await? else { return Ok(false) };
    if !signups::mark_confirmed(tx, at.now, &signup, id).await? {
        return Ok(false);
    }
    let grant = NewDownloadGrant {
        subscriber_id: id,
        report_id: other.report_id,
        signup_id: form.signup_id,
        download_limit: settings.download_limit,
        expires_at: settings.download_ttl.ends(at.now, &settings.timezone),
    };
    download_grants::insert(tx, at, grant).await?;
    let mail = LimitedMail {
        outbox_id: settings.evidence_key.mail_id(&form.address_key, at.new_id()),
        signup_id: Some(form.signup_id),
        subscriber_id: None,
        address_key: form.address_key,
        limiter_key: form.limiter_key,
        replaces: None,
        idle: None,
        request_id: at.request_id().cloned(),
    };
    Ok(mails(tx, case, MailKind::DownloadLink, mail).await?.is_some())
}

/// A form in which nothing was typed and no box stood.
fn form(case: Case<'_>, held: &DownloadGrant, other: OtherReport) -> NewSignup {
    let Case { at, settings } = case;
    NewSignup {
        signup_id: at.new_id(),
        email: held.email.as_str().to_owned(),
        address_key: held.address_key.clone(),
        limiter_key: held.limiter_key.clone(),
        name: None,
        organisation: None,
        job_title: None,
        report_id: Some(other.report_id),
        policy_version_id: other.policy_version_id,
        source: BY_PRESS.to_owned(),
        method: Method::Form,
        drawn_by: DrawnBy::Ours,
        page: None,
        created_at: at.now,
        expires_at: settings.confirm_ttl.ends(at.now, &settings.timezone),
    }
}
