//! Somebody is invited to the console, by a mailed link that works once.

use serde_json::json;
use uuid::Uuid;

use super::Error;
use crate::domain::action::Action;
use crate::domain::email_address::EmailAddress;
use crate::domain::outbox::MailKind;
use crate::domain::staff::{Role, StaffLinkKind};
use crate::random::Moment;
use crate::store::outbox::{self, About};
use crate::store::{Tx, audit_entries, staff, staff_accounts, staff_links};

/// Makes an account without a password, and mails the link to its first; `None` when the address has an
/// account.
///
/// # Errors
/// When the database does not take it.
pub async fn invite(
    tx: &mut Tx,
    at: &Moment,
    by: &str,
    email: &EmailAddress,
    role: Role,
) -> Result<Option<Uuid>, Error> {
    let added = staff::insert(tx, at, email, role, None).await?;
    if let Some(staff_id) = added {
        mail_link(tx, at, staff_id, StaffLinkKind::Invitation).await?;
        let detail = json!({"staff_id": staff_id, "role": role.as_str()});
        audit_entries::append(tx, at, by, Action::StaffInvite, &detail).await?;
    }
    Ok(added)
}

/// Mails a fresh invitation, which supersedes those before; `false` when the account is not waiting for
/// one.
///
/// # Errors
/// When the database does not take it.
pub async fn invite_again(
    tx: &mut Tx,
    at: &Moment,
    by: &str,
    staff_id: Uuid,
) -> Result<bool, Error> {
    let account = staff::lock(tx, staff_id).await?;
    let waits = account.is_some_and(|a| a.password_hash.is_none() && a.disabled_at.is_none());
    if waits {
        staff_links::mark_all_used(tx, at.now, Some(staff_id)).await?;
        mail_link(tx, at, staff_id, StaffLinkKind::Invitation).await?;
        let detail = json!({"staff_id": staff_id});
        audit_entries::append(tx, at, by, Action::StaffInviteAgain, &detail).await?;
    }
    Ok(waits)
}

/// Takes an invitation back and forgets the address; `false` when it was followed meanwhile: then nothing
/// may be committed.
///
/// # Errors
/// When the database does not take it.
pub async fn cancel_invitation(
    tx: &mut Tx,
    at: &Moment,
    by: &str,
    staff_id: Uuid,
) -> Result<bool, Error> {
    let cancelled = staff_accounts::delete_invited(tx, staff_id).await?;
    if cancelled {
        let detail = json!({"staff_id": staff_id});
        audit_entries::append(tx, at, by, Action::StaffCancel, &detail).await?;
    }
    Ok(cancelled)
}

/// Makes a link for an account and decides its mail.
pub(super) async fn mail_link(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    kind: StaffLinkKind,
) -> Result<(), Error> {
    let mail = match kind {
        StaffLinkKind::Reset => MailKind::PasswordReset,
        StaffLinkKind::First | StaffLinkKind::Invitation => MailKind::Invitation,
    };
    let staff_link_id = staff_links::insert(tx, at, kind, Some(staff_id)).await?;
    outbox::insert(tx, at, mail, About::StaffLink(staff_link_id)).await?;
    Ok(())
}
