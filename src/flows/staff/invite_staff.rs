//! Somebody is invited to the console, by a mailed link that works once.

use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::outbox::MailKind;
use crate::domain::staff::action::Action;
use crate::domain::staff::member::{Role, StaffLinkKind};
use crate::flows::{Act, Error};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::mail::outbox::{self, About};
use crate::store::staff::members::{self, NewMember};
use crate::store::staff::{accounts, links};

/// Makes an account without a password, and mails the link to its first; `None` when the address has an
/// account.
pub async fn invite(
    tx: &mut Tx,
    act: &Act,
    email: &EmailAddress,
    role: Role,
) -> Result<Option<Uuid>, Error> {
    let new = NewMember { email, role, password_hash: None };
    let added = members::insert(tx, &act.at, new).await?;
    if let Some(staff_id) = added {
        mail_link(tx, &act.at, staff_id, StaffLinkKind::Invitation).await?;
        let detail = json!({"staff_id": staff_id, "role": role.as_str()});
        act.audit(tx, Action::StaffInvite, &detail).await?;
    }
    Ok(added)
}

/// Mails a fresh invitation, which supersedes those before; `false` when the account is not waiting for
/// one.
pub async fn invite_again(tx: &mut Tx, act: &Act, staff_id: Uuid) -> Result<bool, Error> {
    let account = members::lock(tx, staff_id).await?;
    let waits = account.is_some_and(|a| a.password_hash.is_none() && a.disabled_at.is_none());
    if waits {
        links::mark_all_used(tx, act.at.now, Some(staff_id)).await?;
        mail_link(tx, &act.at, staff_id, StaffLinkKind::Invitation).await?;
        let detail = json!({"staff_id": staff_id});
        act.audit(tx, Action::StaffInviteAgain, &detail).await?;
    }
    Ok(waits)
}

/// Takes an invitation back and forgets the address; `false` when it was followed meanwhile: then nothing
/// may be committed.
pub async fn cancel_invitation(tx: &mut Tx, act: &Act, staff_id: Uuid) -> Result<bool, Error> {
    let cancelled = accounts::delete_invited(tx, staff_id).await?;
    if cancelled {
        let detail = json!({"staff_id": staff_id});
        act.audit(tx, Action::StaffCancel, &detail).await?;
    }
    Ok(cancelled)
}

/// Makes a link for an account and decides its mail.
pub(in crate::flows) async fn mail_link(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    kind: StaffLinkKind,
) -> Result<(), Error> {
    let mail = match kind {
        StaffLinkKind::Reset => MailKind::PasswordReset,
        StaffLinkKind::First | StaffLinkKind::Invitation => MailKind::Invitation,
    };
    let staff_link_id = links::insert(tx, at, kind, Some(staff_id)).await?;
    outbox::insert(tx, at, mail, About::StaffLink(staff_link_id)).await?;
    Ok(())
}
