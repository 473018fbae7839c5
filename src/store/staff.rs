//! Console accounts.

use super::{Tx, on};
use crate::domain::email_address::EmailAddress;
use crate::domain::staff::Role;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;

/// A member of staff.
#[derive(Debug, sqlx::FromRow)]
pub struct Staff {
    /// Who signs in.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id, PHC string.
    pub password_hash: String,
    /// When they lost access.
    pub disabled_at: Option<Timestamp>,
}

/// Adds a member of staff; `false` when the address has an account.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    email: &EmailAddress,
    role: Role,
    password_hash: &str,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO staff (staff_id, email, role, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING"
    )
    .bind(at.new_id())
    .bind(email.normalised())
    .bind(role)
    .bind(password_hash)
    .bind(at.now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// All members of staff, by address.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Staff>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT email, role, password_hash, disabled_at FROM staff ORDER BY email"
    )
    .fetch_all(conn)
    .await)
}
