//! Console accounts as those who manage them see them, and what changes who may do what. At least one admin
//! always remains who can sign in.

use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::Role;
use crate::domain::timestamp::Timestamp;
use crate::store::{Sql, Tx, on};

/// An account, and whether anybody uses it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Account {
    /// Its key.
    pub staff_id: Uuid,
    /// Who signs in.
    pub email: EmailAddress,
    /// What they may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it lost access.
    pub disabled_at: Option<Timestamp>,
    /// Whether a password was chosen: until then it is only invited.
    pub has_password: bool,
    /// Since when two-factor is asked for.
    pub code_since: Option<Timestamp>,
    /// When one of its sessions was last used, while there is one.
    pub seen_at: Option<Timestamp>,
    /// Until when its invitation works, or worked.
    pub invited_until: Option<Timestamp>,
}

impl Account {
    /// `active`, `invited` or `disabled`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.disabled_at, self.has_password) {
            (Some(_), _) => "disabled",
            (None, false) => "invited",
            (None, true) => "active",
        }
    }
}

/// What an account is read by; `$after` says which.
macro_rules! accounts {
    ($after:literal) => {
        concat!(
            "SELECT a.staff_id, a.email, a.role, a.created_at, a.disabled_at, a.code_since,
                    a.password_hash IS NOT NULL AS has_password,
                    (SELECT max(s.seen_at) FROM staff_session s WHERE s.staff_id = a.staff_id) AS seen_at,
                    (SELECT max(l.expires_at) FROM staff_link l
                     WHERE l.staff_id = a.staff_id AND l.kind = 'invitation' AND l.used_at IS NULL)
                        AS invited_until
             FROM staff a ",
            $after
        )
    };
}

/// All accounts, by address.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Account>> {
    on!(tx, |conn| sqlx::query_as(accounts!("ORDER BY a.email")).fetch_all(conn).await)
}

/// The account of a key.
pub async fn find(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<Option<Account>> {
    on!(tx, |conn| sqlx::query_as(accounts!("WHERE a.staff_id = $1"))
        .bind(staff_id)
        .fetch_optional(conn)
        .await)
}

/// When an actor last did something that was written down; tries to sign in as them do not count.
pub async fn last_act(tx: &mut Tx, actor: &str) -> sqlx::Result<Option<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT at FROM audit_entry WHERE actor = $1 AND action <> 'sign-in.refused'
         ORDER BY audit_entry_id DESC LIMIT 1"
    )
    .bind(actor)
    .fetch_optional(conn)
    .await)
}

/// Makes those who change admins take turns: two who disable each other at once must not both succeed.
pub async fn lock_admins(tx: &mut Tx) -> sqlx::Result<()> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite: "SELECT staff_id FROM staff WHERE role = 'admin' ORDER BY staff_id",
        postgres: "SELECT staff_id FROM staff WHERE role = 'admin' ORDER BY staff_id FOR UPDATE",
    };
    on!(tx, LOCK, |conn, sql| sqlx::query(sql).fetch_all(conn).await.map(drop))
}

/// A statement that leaves at least one admin who can sign in, whatever becomes of the account $1.
macro_rules! leaving_an_admin {
    ($before:literal) => {
        concat!(
            $before,
            " AND (role <> 'admin' OR disabled_at IS NOT NULL OR password_hash IS NULL
                   OR EXISTS (SELECT 1 FROM staff o
                              WHERE o.staff_id <> $1 AND o.role = 'admin' AND o.disabled_at IS NULL
                                AND o.password_hash IS NOT NULL))"
        )
    };
}

/// Gives an account another role; `false` when it has it, is gone, or is the last admin who can sign in.
pub async fn set_role(tx: &mut Tx, staff_id: Uuid, role: Role) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(leaving_an_admin!(
        "UPDATE staff SET role = $2 WHERE staff_id = $1 AND role <> $2"
    ))
    .bind(staff_id)
    .bind(role)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Takes an account's access; `false` when it has none, is gone, or is the last admin who can sign in.
pub async fn disable(tx: &mut Tx, now: Timestamp, staff_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(leaving_an_admin!(
        "UPDATE staff SET disabled_at = $2 WHERE staff_id = $1 AND disabled_at IS NULL"
    ))
    .bind(staff_id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Gives an account its access back; `false` when it has it or is gone.
pub async fn enable(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff SET disabled_at = NULL WHERE staff_id = $1 AND disabled_at IS NOT NULL"
    )
    .bind(staff_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Forgets an account that was invited and never chose a password, with its links and their mails; `false`
/// when it is none such: then nothing may be committed.
pub async fn delete_invited(tx: &mut Tx, staff_id: Uuid) -> sqlx::Result<bool> {
    // Fenced first: whoever delivers such a mail at this moment writes down no delivery of it any more.
    const LINKED: [&str; 4] = [
        "UPDATE outbox SET claims = claims + 1
         WHERE staff_link_id IN (SELECT staff_link_id FROM staff_link WHERE staff_id = $1)",
        "DELETE FROM delivery WHERE outbox_id IN
             (SELECT o.outbox_id FROM outbox o
              JOIN staff_link l ON l.staff_link_id = o.staff_link_id WHERE l.staff_id = $1)",
        "DELETE FROM outbox
         WHERE staff_link_id IN (SELECT staff_link_id FROM staff_link WHERE staff_id = $1)",
        "DELETE FROM staff_link WHERE staff_id = $1",
    ];
    on!(tx, |conn| {
        for sql in LINKED {
            sqlx::query(sql).bind(staff_id).execute(&mut *conn).await?;
        }
        sqlx::query("DELETE FROM staff WHERE staff_id = $1 AND password_hash IS NULL")
            .bind(staff_id)
            .execute(conn)
            .await
            .map(|done| done.rows_affected() == 1)
    })
}
