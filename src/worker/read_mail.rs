//! From a row of the outbox to what its mail says: read when it is sent, so that nothing is mailed that
//! was settled meanwhile.

use uuid::Uuid;

use super::attach_promises::attach_promises;
use super::mail_content::{FoundContent, GONE, MailContent, SUPPRESSED};
use super::{
    WorkerParts, read_checkpoint_mail, read_personal_mail, read_request_mail, read_staff_mail,
};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::mail::outbox::MailKind;
use crate::domain::signup::link::Link;
use crate::domain::signup::submitted_form::SignupStatus;
use crate::domain::timestamp::Timestamp;
use crate::flows::signup::confirm::must_see_words;
use crate::mail::letters::consent::AgreedItem;
use crate::mail::letters::signup::{
    ConfirmMail, DownloadLinkMail, MailedReport, ReceiptItem, ReceiptMail, TickedNewsletter,
};
use crate::store::Tx;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::events::{self, ConfirmedConsent};
use crate::store::contacts::suppressions;
use crate::store::mail::outbox::ClaimedMail;
use crate::store::signup::signups::Signup;
use crate::store::signup::{download_grants, signups};

/// Reads what a claimed mail is about.
pub async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    mail: &ClaimedMail,
) -> sqlx::Result<FoundContent> {
    match mail.kind {
        MailKind::Confirm | MailKind::Receipt | MailKind::DownloadLink => {
            let signup = match mail.signup_id {
                Some(signup_id) => signups::find(tx, signup_id).await?,
                None => None,
            };
            let Some(signup) = signup else { return Ok(FoundContent::Nothing(GONE)) };
            if let Err(error) = parts.settings.demand_own_signup(&signup) {
                return Ok(FoundContent::Changed(error));
            }
            if suppressions::forbids(tx, &signup.address_key, mail.kind, mail.created_at).await? {
                return Ok(FoundContent::Nothing(SUPPRESSED));
            }
            match mail.kind {
                MailKind::Confirm => confirmation(parts, tx, now, &signup).await,
                MailKind::Receipt => receipt(parts, tx, now, &signup).await,
                _ => download_link(parts, tx, now, &signup).await,
            }
        }
        MailKind::Invitation | MailKind::PasswordReset => {
            read_staff_mail::read(parts, tx, now, mail).await
        }
        MailKind::WebhookOff => read_staff_mail::read_webhook_off(parts, tx, mail).await,
        MailKind::RequestReceived | MailKind::RequestLetter => {
            read_request_mail::read(parts, tx, mail).await
        }
        MailKind::Checkpoint => read_checkpoint_mail::read(parts, tx, mail).await,
        _ => read_personal_mail::read(parts, tx, now, mail).await,
    }
}

async fn confirmation(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    signup: &Signup,
) -> sqlx::Result<FoundContent> {
    if signup.status != SignupStatus::Pending {
        return Ok(FoundContent::Nothing("the signup is settled"));
    }
    if signup.expires_at <= now {
        return Ok(FoundContent::Nothing("its link would not work any more"));
    }
    let newsletters = events::list_newsletters(tx, signup.signup_id).await?;
    let link = Link { id: signup.signup_id, generation: signup.generation };
    let mail = ConfirmMail {
        report: report(signup),
        newsletters: newsletters.into_iter().map(|name| TickedNewsletter { name }).collect(),
        confirm_url: parts.links.confirm(link),
        code: (!must_see_words(signup)).then(|| parts.links.secrets.code(link).to_string()),
        not_me_url: parts.links.not_me(link),
        valid_until: signup.expires_at,
        again: signup.known,
        address: signup.email.to_string(),
    };
    Ok(FoundContent::Mail(MailContent::new(signup.email.clone(), mail)))
}

async fn receipt(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    signup: &Signup,
) -> sqlx::Result<FoundContent> {
    let grant = download_grants::find(tx, signup.signup_id).await?;
    let confirmed = events::list_confirmed(tx, signup.signup_id).await?;
    let told: Vec<Uuid> = confirmed.iter().map(|confirmed| confirmed.event_id).collect();
    let attached = attach_promises(parts, tx, now, &told).await?;
    let standing = match signup.subscriber_id {
        Some(subscriber_id) => consents::list(tx, subscriber_id).await?,
        None => vec![],
    };
    // Mail may be late, and what it is a receipt of may have ended meanwhile.
    let ended = |purpose: &Purpose| {
        let over = |s: &&CurrentConsent| s.purpose == *purpose && !s.state.in_force();
        standing.iter().find(over).map(|standing| standing.changed_at)
    };
    let item = |confirmed: &ConfirmedConsent| ReceiptItem {
        agreed: agreed(parts, confirmed),
        ended: ended(&confirmed.purpose),
    };
    let stands =
        |c: &ConfirmedConsent| !c.purpose.is_privacy_policy() && ended(&c.purpose).is_none();
    let leaves = confirmed.iter().any(stands);
    let leave = signup.subscriber_id.filter(|_| leaves);
    let leave = leave.map(|subscriber_id| parts.links.unsubscribe(subscriber_id, None));
    let link = grant.as_ref().map(|grant| {
        parts.links.download(Link { id: grant.download_grant_id, generation: grant.generation })
    });
    let mail = ReceiptMail {
        report: report(signup),
        download_url: link,
        download_until: grant.map(|grant| grant.expires_at),
        agreed: confirmed.iter().map(item).collect(),
        address: signup.email.to_string(),
        manage_url: signup.subscriber_id.map(|id| parts.links.manage(id)),
        unsubscribe_url: leave.clone(),
        verify_url: attached.as_ref().map(|_| parts.links.verifier()),
    };
    let content = MailContent::new(signup.email.clone(), mail);
    Ok(FoundContent::Mail(MailContent { leave, attached, ..content }))
}

async fn download_link(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    signup: &Signup,
) -> sqlx::Result<FoundContent> {
    let Some(grant) = download_grants::find(tx, signup.signup_id).await? else {
        return Ok(FoundContent::Nothing("its grant is gone"));
    };
    if !grant.works(now, grant.generation) {
        return Ok(FoundContent::Nothing("its link would not work any more"));
    }
    let link = Link { id: grant.download_grant_id, generation: grant.generation };
    let mail = DownloadLinkMail {
        report: MailedReport { title: grant.report_title },
        download_url: parts.links.download(link),
        until: grant.expires_at,
        fresh: grant.generation > 1,
    };
    Ok(FoundContent::Mail(MailContent::new(grant.email, mail)))
}

fn agreed(parts: &WorkerParts, confirmed: &ConfirmedConsent) -> AgreedItem {
    AgreedItem {
        name: confirmed.purpose.named(confirmed.name.as_deref()),
        words: confirmed.words.clone(),
        at: confirmed.recorded_at,
        policy_label: confirmed.policy_label.clone(),
        policy_url: parts.links.policy(&confirmed.policy_label),
    }
}

fn report(signup: &Signup) -> Option<MailedReport> {
    signup.report_title.clone().map(|title| MailedReport { title })
}
