//! Mail to members of staff, read when it is sent.

use super::WorkerParts;
use super::mail_content::{FoundContent, GONE, MailContent, SUPPRESSED};
use crate::domain::staff::member::StaffLinkKind;
use crate::domain::staff::webhook::{KEPT, OffReason};
use crate::domain::timestamp::Timestamp;
use crate::mail::letters::staff::{InvitationMail, PasswordResetMail, WebhookOffMail};
use crate::store::Tx;
use crate::store::contacts::suppressions;
use crate::store::mail::outbox::ClaimedMail;
use crate::store::staff::{links, members, webhook_endpoints};

/// Reads the link that a claimed mail carries, and whose it is.
pub(super) async fn read(
    parts: &WorkerParts,
    tx: &mut Tx,
    now: Timestamp,
    mail: &ClaimedMail,
) -> sqlx::Result<FoundContent> {
    let link = match mail.staff_link_id {
        Some(staff_link_id) => links::find(tx, staff_link_id).await?,
        None => None,
    };
    let Some(link) = link else { return Ok(FoundContent::Nothing(GONE)) };
    if !link.works(now) {
        return Ok(FoundContent::Nothing("its link would not work any more"));
    }
    let account = match link.staff_id {
        Some(staff_id) => members::find(tx, staff_id).await?,
        None => None,
    };
    let Some(account) = account else { return Ok(FoundContent::Nothing(GONE)) };
    if account.disabled_at.is_some() {
        return Ok(FoundContent::Nothing("the account is disabled"));
    }
    let key = parts.settings.address_secret.key(&account.email);
    if suppressions::forbids(tx, &key, mail.kind, mail.created_at).await? {
        return Ok(FoundContent::Nothing(SUPPRESSED));
    }
    let url = parts.links.staff(link.kind, link.staff_link_id);
    let (address, valid_until) = (account.email.clone(), link.expires_at);
    let letter = if link.kind == StaffLinkKind::Reset {
        MailContent::new(account.email, PasswordResetMail { address, reset_url: url, valid_until })
    } else {
        let role = account.role.as_str();
        let mail = InvitationMail { address, role, invitation_url: url, valid_until };
        MailContent::new(account.email, mail)
    };
    Ok(FoundContent::Mail(letter))
}

/// Reads which webhook was switched off, and who is told.
pub(super) async fn read_webhook_off(
    parts: &WorkerParts,
    tx: &mut Tx,
    mail: &ClaimedMail,
) -> sqlx::Result<FoundContent> {
    let account = match mail.staff_id {
        Some(staff_id) => members::find(tx, staff_id).await?,
        None => None,
    };
    let endpoint = match mail.webhook_endpoint_id {
        Some(webhook_endpoint_id) => webhook_endpoints::find(tx, webhook_endpoint_id).await?,
        None => None,
    };
    let (Some(account), Some(endpoint)) = (account, endpoint) else {
        return Ok(FoundContent::Nothing(GONE));
    };
    if account.disabled_at.is_some() {
        return Ok(FoundContent::Nothing("the account is disabled"));
    }
    let Some(off_at) = endpoint.off_at else {
        return Ok(FoundContent::Nothing("the webhook is on again"));
    };
    let key = parts.settings.address_secret.key(&account.email);
    if suppressions::forbids(tx, &key, mail.kind, mail.created_at).await? {
        return Ok(FoundContent::Nothing(SUPPRESSED));
    }
    let id = endpoint.webhook_endpoint_id;
    let letter = WebhookOffMail {
        description: endpoint.description,
        off_at,
        gone: endpoint.off_reason == Some(OffReason::Gone),
        kept_days: KEPT.as_secs() / (24 * 60 * 60),
        webhook_url: format!("{}/console/webhooks/{id}", parts.links.base_url),
    };
    Ok(FoundContent::Mail(MailContent::new(account.email, letter)))
}
