//! An admin changes what an account may do. Its sessions end with it.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::member::Role;
use crate::flows::{Act, Error};
use crate::store::Tx;
use crate::store::staff::role_rules::{self, RoleRule};
use crate::store::staff::{accounts, codes, links, members, sessions};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Changed {
    /// It is so now.
    Done,
    /// It was so already.
    Same,
    /// Nobody would be left who can manage the console.
    LastAdmin,
    /// There is no such account.
    Unknown,
}

/// Gives an account another role.
pub async fn change_role(
    tx: &mut Tx,
    act: &Act,
    staff_id: Uuid,
    role: Role,
) -> Result<Changed, Error> {
    accounts::lock_admins(tx).await?;
    let Some(before) = members::lock(tx, staff_id).await? else { return Ok(Changed::Unknown) };
    if !accounts::set_role(tx, staff_id, role).await? {
        return Ok(if before.role == role { Changed::Same } else { Changed::LastAdmin });
    }
    let ended = sessions::delete_all(tx, staff_id, None).await?;
    let detail = json!({"staff_id": staff_id, "role": {"before": before.role.as_str(), "after": role.as_str()},
                        "sessions_ended": ended});
    act.audit(tx, Action::StaffRole, &detail).await?;
    Ok(Changed::Done)
}

/// Takes an account's access. What it did stays written down.
pub async fn disable(tx: &mut Tx, act: &Act, staff_id: Uuid) -> Result<Changed, Error> {
    accounts::lock_admins(tx).await?;
    let Some(before) = members::lock(tx, staff_id).await? else { return Ok(Changed::Unknown) };
    if !accounts::disable(tx, act.at.now, staff_id).await? {
        let disabled = before.disabled_at.is_some();
        return Ok(if disabled { Changed::Same } else { Changed::LastAdmin });
    }
    links::mark_all_used(tx, act.at.now, Some(staff_id)).await?;
    let ended = sessions::delete_all(tx, staff_id, None).await?;
    let detail = json!({"staff_id": staff_id, "sessions_ended": ended});
    act.audit(tx, Action::StaffDisable, &detail).await?;
    Ok(Changed::Done)
}

/// Gives an account its access back.
pub async fn enable(tx: &mut Tx, act: &Act, staff_id: Uuid) -> Result<Changed, Error> {
    if members::lock(tx, staff_id).await?.is_none() {
        return Ok(Changed::Unknown);
    }
    if !accounts::enable(tx, staff_id).await? {
        return Ok(Changed::Same);
    }
    let detail = json!({"staff_id": staff_id});
    act.audit(tx, Action::StaffEnable, &detail).await?;
    Ok(Changed::Done)
}

/// Turns the two-factor of somebody off who lost both authenticator and recovery codes.
pub async fn turn_code_off(tx: &mut Tx, act: &Act, staff_id: Uuid) -> Result<Changed, Error> {
    if members::lock(tx, staff_id).await?.is_none() {
        return Ok(Changed::Unknown);
    }
    if !codes::turn_off(tx, staff_id, true).await? {
        return Ok(Changed::Same);
    }
    let ended = sessions::delete_all(tx, staff_id, None).await?;
    let detail = json!({"staff_id": staff_id, "sessions_ended": ended});
    act.audit(tx, Action::StaffTwoFactorOff, &detail).await?;
    Ok(Changed::Done)
}

/// Sets which roles must use two-factor.
pub async fn require_codes(tx: &mut Tx, act: &Act, roles: &[Role]) -> Result<(), Error> {
    for role in Role::ALL {
        let rule = RoleRule { role, requires_code: roles.contains(&role) };
        if role_rules::set(tx, rule).await? {
            let detail = json!({"role": role.as_str(),
                                "requires_code": {"before": !rule.requires_code, "after": rule.requires_code}});
            act.audit(tx, Action::StaffRequireTwoFactor, &detail).await?;
        }
    }
    Ok(())
}
