//! What each role must use.

use crate::domain::staff::member::Role;
use crate::store::{Tx, on};

/// What one role must use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RoleRule {
    /// Which role.
    pub role: Role,
    /// Whether it must use two-factor.
    pub requires_code: bool,
}

/// The rules of all roles.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<RoleRule>> {
    on!(tx, |conn| sqlx::query_as("SELECT role, requires_code FROM role_rule")
        .fetch_all(conn)
        .await)
}

/// Sets the rule of a role; `false` when it is that already.
pub async fn set(tx: &mut Tx, rule: RoleRule) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE role_rule SET requires_code = $2 WHERE role = $1 AND requires_code <> $2"
    )
    .bind(rule.role)
    .bind(rule.requires_code)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
