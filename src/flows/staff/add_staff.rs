//! A member of staff gets an account.

use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::action::Action;
use crate::domain::staff::member::{Role, StaffLinkKind, actor};
use crate::domain::staff::password::PasswordHash;
use crate::flows::{Act, Error};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::members::{self, NewMember};
use crate::store::staff::{audit_entries, links};

/// An account to be made.
#[derive(Clone, Copy)]
pub struct NewStaff<'a> {
    /// The address that signs in.
    pub email: &'a EmailAddress,
    /// What it may do.
    pub role: Role,
    /// Its password.
    pub password_hash: &'a PasswordHash,
}

/// Adds an account; `None` when the address has one.
pub async fn add_staff(tx: &mut Tx, act: &Act, new: NewStaff<'_>) -> Result<Option<Uuid>, Error> {
    let NewStaff { email, role, password_hash } = new;
    let new = NewMember { email, role, password_hash: Some(password_hash) };
    let added = members::insert(tx, &act.at, new).await?;
    if let Some(staff_id) = added {
        links::mark_all_used(tx, act.at.now, None).await?;
        let detail = json!({"staff_id": staff_id, "role": role.as_str()});
        act.audit(tx, Action::StaffAdd, &detail).await?;
    }
    Ok(added)
}

/// Makes the link to the first account of all, in place of those made before; `None` when there is an
/// account.
pub async fn offer_first_account(tx: &mut Tx, at: &Moment) -> Result<Option<Uuid>, Error> {
    if members::any(tx).await? {
        return Ok(None);
    }
    links::mark_all_used(tx, at.now, None).await?;
    Ok(Some(links::insert(tx, at, StaffLinkKind::First, None).await?))
}

/// What the first account is made of.
#[derive(Clone, Copy)]
pub struct FirstAccount<'a> {
    /// The link to it.
    pub staff_link_id: Uuid,
    /// The address that signs in.
    pub email: &'a EmailAddress,
    /// Its password.
    pub password_hash: &'a PasswordHash,
}

/// Makes the first account, an admin's, from the link to it; `None` when the link was used, is too old,
/// or somebody has an account by now.
pub async fn open_first_account(
    tx: &mut Tx,
    at: &Moment,
    first: FirstAccount<'_>,
) -> Result<Option<Uuid>, Error> {
    let FirstAccount { staff_link_id, email, password_hash } = first;
    if !links::mark_used(tx, at.now, staff_link_id).await? || members::any(tx).await? {
        tx.give_up();
        return Ok(None);
    }
    let new = NewMember { email, role: Role::Admin, password_hash: Some(password_hash) };
    let added = members::insert(tx, at, new).await?;
    if let Some(staff_id) = added {
        let detail = json!({"staff_id": staff_id, "role": Role::Admin.as_str(), "first": true});
        audit_entries::append(tx, at, &actor(staff_id), Action::StaffAdd.with(&detail)).await?;
    }
    Ok(added)
}
