//! Mail that lets a member of staff in, read when it is sent.

use super::WorkerParts;
use super::mail_content::{FoundContent, GONE, MailContent, SUPPRESSED};
use crate::domain::staff::member::StaffLinkKind;
use crate::domain::timestamp::Timestamp;
use crate::mail::letters::staff::{InvitationMail, PasswordResetMail};
use crate::store::Tx;
use crate::store::contacts::suppressions;
use crate::store::mail::outbox::ClaimedMail;
use crate::store::staff::{links, members};

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
