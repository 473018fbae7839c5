//! What pages say of roles, and when somebody was last here.

use crate::domain::staff::member::{Role, actor};
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::staff::accounts::{self, Account};
use crate::web::choice::Choice;

/// What each role may do, in a line.
pub(super) fn role_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Sees everything but exports, requests, webhooks, staff and tokens",
        Role::Marketing => {
            "Also exports contacts, answers requests, and edits reports and newsletters"
        }
        Role::Admin => "Also staff, tokens, webhooks, policies and erasure",
    }
}

/// The roles as options of a form.
pub(super) fn roles() -> Vec<Choice<'static>> {
    let option = |role: Role| {
        let title = match role {
            Role::Viewer => "Viewer",
            Role::Marketing => "Marketing",
            Role::Admin => "Admin",
        };
        Choice { value: role.as_str(), title, hint: Some(role_words(role)) }
    };
    Role::ALL.into_iter().map(option).collect()
}

/// When somebody was last here: in a session that goes on, or by what they did.
pub(super) async fn last_seen(tx: &mut Tx, account: &Account) -> sqlx::Result<Option<Timestamp>> {
    let acted = accounts::last_act(tx, &actor(account.staff_id)).await?;
    Ok(account.seen_at.max(acted))
}
