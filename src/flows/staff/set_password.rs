//! A member of staff gets another password. Whatever was begun with the old one ends.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::member::{StaffLinkKind, actor};
use crate::domain::staff::password::PasswordHash;
use crate::flows::staff::invite_staff::mail_link;
use crate::flows::{Act, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::link_requests::LinkRequest;
use crate::store::staff::members::{self, Staff};
use crate::store::staff::{links, sessions};

/// The link to a new password.
#[derive(Clone, Copy)]
pub struct FollowedLink {
    /// Its key.
    pub staff_link_id: Uuid,
    /// Whose it is.
    pub staff_id: Uuid,
}

/// Keeps the password chosen by a link and uses the link up; `false`, and nothing is written, when the link was used, is
/// too old, or the account is disabled.
pub async fn set_by_link(
    tx: &mut Tx,
    at: &Moment,
    link: FollowedLink,
    password_hash: &PasswordHash,
) -> Result<bool, Error> {
    let FollowedLink { staff_link_id, staff_id } = link;
    let open = links::mark_used(tx, at.now, staff_link_id).await?;
    if !open || !members::set_password(tx, staff_id, password_hash).await? {
        tx.give_up();
        return Ok(false);
    }
    settle(tx, &Act::new(at.clone(), actor(staff_id)), staff_id, "link").await?;
    Ok(true)
}

/// Keeps the password that somebody chose who knew the one before; `false` when that was changed meanwhile.
pub async fn change_own(
    tx: &mut Tx,
    at: &Moment,
    proved: &Staff,
    password_hash: &PasswordHash,
) -> Result<bool, Error> {
    let (staff_id, Some(before)) = (proved.staff_id, &proved.password_hash) else {
        return Ok(false);
    };
    let changed = members::replace_password(tx, staff_id, before, password_hash).await?;
    if changed {
        settle(tx, &Act::new(at.clone(), actor(staff_id)), staff_id, "account").await?;
    }
    Ok(changed)
}

/// Keeps the password that whoever runs the machine set; `false` when the account is disabled or gone.
pub async fn set_by_command(
    tx: &mut Tx,
    act: &Act,
    staff_id: Uuid,
    password_hash: &PasswordHash,
) -> Result<bool, Error> {
    let changed = members::set_password(tx, staff_id, password_hash).await?;
    if changed {
        settle(tx, act, staff_id, "command").await?;
    }
    Ok(changed)
}

/// Ends what was begun before: sessions, and links that wait.
async fn settle(tx: &mut Tx, act: &Act, staff_id: Uuid, how: &str) -> Result<(), Error> {
    links::mark_all_used(tx, act.at.now, Some(staff_id)).await?;
    let ended = sessions::delete_all(tx, staff_id, None).await?;
    let detail = json!({"staff_id": staff_id, "by": how, "sessions_ended": ended});
    act.audit(tx, Action::StaffPassword, &detail).await?;
    Ok(())
}

/// Mails the link to a new password on an admin's word; `false` when the account has none yet, is disabled
/// or gone.
pub async fn send_reset(tx: &mut Tx, act: &Act, staff_id: Uuid) -> Result<bool, Error> {
    let account = members::lock(tx, staff_id).await?;
    let active = account.is_some_and(|a| a.password_hash.is_some() && a.disabled_at.is_none());
    if active {
        mail_link(tx, &act.at, staff_id, StaffLinkKind::Reset).await?;
        let detail = json!({"staff_id": staff_id});
        act.audit(tx, Action::StaffReset, &detail).await?;
    }
    Ok(active)
}

/// Mails the link to those of the accounts asked for that exist, as often as one mailbox may be mailed.
pub(in crate::flows) async fn answer_forgotten(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    asked: &[LinkRequest],
) -> Result<(), Error> {
    if asked.is_empty() {
        return Ok(());
    }
    for account in members::list(tx).await? {
        let key = settings.address_secret.account_key(&account.email);
        let Some(wish) = asked.iter().find(|wish| wish.address_key == key) else { continue };
        // Held, so that two workers do not count without each other.
        let Some(account) = members::lock(tx, account.staff_id).await? else { continue };
        if account.password_hash.is_none() || account.disabled_at.is_some() {
            continue;
        }
        let made = links::list_made(tx, account.staff_id, StaffLinkKind::Reset).await?;
        if settings.mail_limit.next(&made).is_none_or(|next| next <= at.now) {
            let at = at.for_request(wish.request_id.clone());
            mail_link(tx, &at, account.staff_id, StaffLinkKind::Reset).await?;
        }
    }
    Ok(())
}
