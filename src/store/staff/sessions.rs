//! Who is signed in at the console. A session ends by itself: idle, or at its latest moment.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::{Role, SESSION_AT_MOST, SESSION_IDLE};
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Tx, on};

/// Not more often than this is written down that a session was used.
const SEEN_EVERY: Duration = Duration::from_mins(1);

/// A session in force, and whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Session {
    /// Its key.
    pub staff_session_id: Uuid,
    /// Whose it is.
    pub staff_id: Uuid,
    /// Their address.
    pub email: EmailAddress,
    /// What they may do.
    pub role: Role,
    /// Whether two-factor is on.
    pub has_code: bool,
    /// Whether their role must use it.
    pub requires_code: bool,
    /// When it was last written down that it was used.
    pub seen_at: Timestamp,
}

impl Session {
    /// Whether to write down that it is used.
    #[must_use]
    pub fn is_worth_a_note(&self, now: Timestamp) -> bool {
        self.seen_at.plus(SEEN_EVERY) <= now
    }
}

/// A session that begins.
pub struct StartedSession<'a> {
    /// Whose it is.
    pub staff_id: Uuid,
    /// The SHA-256 of its token.
    pub token_sha256: &'a [u8],
    /// The browser that it is in, as its owner knows it.
    pub browser: &'a str,
}

/// Begins a session, known by the SHA-256 of its token.
pub async fn insert(tx: &mut Tx, at: &Moment, started: StartedSession<'_>) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "INSERT INTO staff_session
             (staff_session_id, token_sha256, staff_id, browser, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)"
    )
    .bind(at.new_id())
    .bind(started.token_sha256)
    .bind(started.staff_id)
    .bind(started.browser)
    .bind(at.now)
    .bind(at.now.plus(SESSION_AT_MOST))
    .execute(conn)
    .await
    .map(drop))
}

/// The session of a token, while it and its account are in force.
pub async fn find(
    tx: &mut Tx,
    now: Timestamp,
    token_sha256: &[u8],
) -> sqlx::Result<Option<Session>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT s.staff_session_id, s.staff_id, a.email, a.role, s.seen_at,
                a.code_since IS NOT NULL AS has_code, r.requires_code
         FROM staff_session s
         JOIN staff a ON a.staff_id = s.staff_id
         JOIN role_rule r ON r.role = a.role
         WHERE s.token_sha256 = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND a.disabled_at IS NULL"
    )
    .bind(token_sha256)
    .bind(now)
    .bind(now.minus(SESSION_IDLE))
    .fetch_optional(conn)
    .await
    })
}

/// A session as its owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OpenSession {
    /// Its key.
    pub staff_session_id: Uuid,
    /// The browser's name and system.
    pub browser: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last written down that it was used.
    pub seen_at: Timestamp,
}

/// The sessions of an account that are in force, the one used last first.
pub async fn list(tx: &mut Tx, now: Timestamp, staff_id: Uuid) -> sqlx::Result<Vec<OpenSession>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT staff_session_id, browser, created_at, seen_at FROM staff_session
         WHERE staff_id = $1 AND expires_at > $2 AND seen_at > $3
         ORDER BY seen_at DESC, staff_session_id DESC",
        )
        .bind(staff_id)
        .bind(now)
        .bind(now.minus(SESSION_IDLE))
        .fetch_all(conn)
        .await
    })
}

/// Writes down that a session was used just now.
pub async fn mark_seen(tx: &mut Tx, now: Timestamp, staff_session_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff_session SET seen_at = $2 WHERE staff_session_id = $1 AND seen_at < $2"
    )
    .bind(staff_session_id)
    .bind(now)
    .execute(conn)
    .await
    .map(drop))
}

/// Ends one session of an account; `false` when it has none of that key.
pub async fn delete(tx: &mut Tx, staff_id: Uuid, staff_session_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "DELETE FROM staff_session WHERE staff_session_id = $1 AND staff_id = $2"
    )
    .bind(staff_session_id)
    .bind(staff_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Ends all sessions of an account but one, or all; returns how many.
pub async fn delete_all(tx: &mut Tx, staff_id: Uuid, but: Option<Uuid>) -> sqlx::Result<u64> {
    // No session has the key of zeros.
    let but = but.unwrap_or_default();
    on!(tx, |conn| sqlx::query(
        "DELETE FROM staff_session WHERE staff_id = $1 AND staff_session_id <> $2"
    )
    .bind(staff_id)
    .bind(but)
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))
}

/// Forgets sessions that ended by themselves.
pub async fn delete_ended(tx: &mut Tx, now: Timestamp) -> sqlx::Result<u64> {
    on!(tx, |conn| sqlx::query("DELETE FROM staff_session WHERE expires_at <= $1 OR seen_at <= $2")
        .bind(now)
        .bind(now.minus(SESSION_IDLE))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))
}
