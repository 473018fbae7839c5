//! Console accounts.

use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::Role;
use crate::domain::staff::password::PasswordHash;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Sql, Tx, on};

/// A member of staff.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Staff {
    /// Their key.
    pub staff_id: Uuid,
    /// Who signs in.
    pub email: EmailAddress,
    /// What they may do.
    pub role: Role,
    /// What is kept of their password; nothing until an invitation is followed.
    pub password_hash: Option<PasswordHash>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When they lost access.
    pub disabled_at: Option<Timestamp>,
    /// What their two-factor secret is derived from, once they began to set it up.
    pub code_salt: Option<Vec<u8>>,
    /// Since when two-factor is asked for.
    pub code_since: Option<Timestamp>,
    /// The step of time whose code was used last.
    pub code_last_step: i64,
}

impl Staff {
    /// Whether nothing changed since its owner proved to be that, of what the proof rests on.
    #[must_use]
    pub fn is_still(&self, proved: &Self) -> bool {
        self.disabled_at.is_none()
            && self.password_hash == proved.password_hash
            && self.code_since == proved.code_since
    }
}

/// What a member of staff is read by; `$after` says which.
macro_rules! accounts {
    ($after:literal) => {
        concat!(
            "SELECT staff_id, email, role, password_hash, created_at, disabled_at, code_salt, code_since,
                    code_last_step
             FROM staff ",
            $after
        )
    };
}

/// An account that is to be added.
pub struct NewMember<'a> {
    /// Who signs in.
    pub email: &'a EmailAddress,
    /// What they may do.
    pub role: Role,
    /// What is kept of their password, if they have one yet.
    pub password_hash: Option<&'a PasswordHash>,
}

/// Adds a member of staff; `None` when the address has an account. Without a password they cannot sign in
/// yet.
pub async fn insert(tx: &mut Tx, at: &Moment, new: NewMember<'_>) -> sqlx::Result<Option<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "INSERT INTO staff (staff_id, email, role, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING RETURNING staff_id"
    )
    .bind(at.new_id())
    .bind(new.email.normalised())
    .bind(new.role)
    .bind(new.password_hash)
    .bind(at.now)
    .fetch_optional(conn)
    .await)
}

/// All members of staff, by address.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Staff>> {
    on!(tx, |conn| sqlx::query_as(accounts!("ORDER BY email")).fetch_all(conn).await)
}

/// The admins who can sign in, by address.
pub async fn list_admins(tx: &mut Tx) -> sqlx::Result<Vec<Staff>> {
    on!(tx, |conn| sqlx::query_as(accounts!(
        "WHERE role = 'admin' AND disabled_at IS NULL AND password_hash IS NOT NULL ORDER BY email"
    ))
    .fetch_all(conn)
    .await)
}

/// Whether there is any account at all.
pub async fn any(tx: &mut Tx) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM staff)").fetch_one(conn).await)
}

/// The account of a key.
pub async fn find(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<Option<Staff>> {
    on!(tx, |conn| sqlx::query_as(accounts!("WHERE staff_id = $1"))
        .bind(staff_id)
        .fetch_optional(conn)
        .await)
}

/// The account of an address.
pub async fn find_by_email(tx: &mut Tx, email: &EmailAddress) -> sqlx::Result<Option<Staff>> {
    on!(tx, |conn| sqlx::query_as(accounts!("WHERE email = $1"))
        .bind(email.normalised())
        .fetch_optional(conn)
        .await)
}

/// The account of a key, held so that nobody changes it before this transaction ends.
pub async fn lock(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<Option<Staff>> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite: accounts!("WHERE staff_id = $1"),
        postgres: accounts!("WHERE staff_id = $1 FOR UPDATE"),
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_as(sql).bind(staff_id).fetch_optional(conn).await)
}

/// Keeps another password's hash; `false` when the account is disabled or gone.
pub async fn set_password(
    tx: &mut Tx,
    staff_id: Uuid,
    password_hash: &PasswordHash,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff SET password_hash = $2 WHERE staff_id = $1 AND disabled_at IS NULL"
    )
    .bind(staff_id)
    .bind(password_hash)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Keeps a password in place of the hash that was looked at; unlike [`set_password`], `false` also when that was
/// changed meanwhile.
pub async fn replace_password(
    tx: &mut Tx,
    staff_id: Uuid,
    before: &PasswordHash,
    password_hash: &PasswordHash,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff SET password_hash = $3
         WHERE staff_id = $1 AND password_hash = $2 AND disabled_at IS NULL"
    )
    .bind(staff_id)
    .bind(before)
    .bind(password_hash)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
