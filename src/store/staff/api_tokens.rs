//! What programs sign in with: tokens, known by their SHA-256.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::staff::api_token::Scopes;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Tx, on};

/// Not more often than this is written down that a token was used.
const USED_EVERY: Duration = Duration::from_mins(1);

/// A token to be made.
pub struct NewToken<'a> {
    /// What it is for, in words.
    pub name: &'a str,
    /// Its hash.
    pub token_sha256: &'a [u8],
    /// What it opens.
    pub scopes: &'a Scopes,
    /// Until when, if it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Who makes it.
    pub created_by: &'a str,
    /// The form that asks for it, which makes one token.
    pub form_id: Uuid,
}

/// A token as those see it who manage tokens.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TokenRow {
    /// Its key.
    pub api_token_id: Uuid,
    /// What it is for, in words.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when, if it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last written down that it was used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Keeps a token; `None` when its form made one already.
pub async fn insert(tx: &mut Tx, at: &Moment, new: &NewToken<'_>) -> sqlx::Result<Option<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "INSERT INTO api_token
             (api_token_id, name, token_sha256, scopes, created_by, created_at, expires_at, form_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (form_id) DO NOTHING RETURNING api_token_id"
    )
    .bind(at.new_id())
    .bind(new.name)
    .bind(new.token_sha256)
    .bind(new.scopes)
    .bind(new.created_by)
    .bind(at.now)
    .bind(new.expires_at)
    .bind(new.form_id)
    .fetch_optional(conn)
    .await)
}

/// All tokens, those that work first, the newest of each first.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<TokenRow>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT api_token_id, name, scopes, created_by, created_at, expires_at, last_used_at, revoked_at
         FROM api_token
         ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, api_token_id DESC"
    )
    .fetch_all(conn)
    .await
    })
}

/// The names of the tokens that somebody made and that work, the newest first.
pub async fn list_working_of(
    tx: &mut Tx,
    now: Timestamp,
    created_by: &str,
) -> sqlx::Result<Vec<String>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT name FROM api_token
         WHERE created_by = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY api_token_id DESC"
    )
    .bind(created_by)
    .bind(now)
    .fetch_all(conn)
    .await)
}

/// The key of a token and what it opens, while it works.
pub async fn find_working(
    tx: &mut Tx,
    now: Timestamp,
    token_sha256: &[u8],
) -> sqlx::Result<Option<(Uuid, Scopes)>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT api_token_id, scopes FROM api_token
         WHERE token_sha256 = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"
    )
    .bind(token_sha256)
    .bind(now)
    .fetch_optional(conn)
    .await
    })
}

/// Writes down that a token is used, at most once a minute.
pub async fn mark_used(tx: &mut Tx, now: Timestamp, api_token_id: Uuid) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE api_token SET last_used_at = $2
         WHERE api_token_id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)"
    )
    .bind(api_token_id)
    .bind(now)
    .bind(now.minus(USED_EVERY))
    .execute(conn)
    .await
    .map(drop))
}

/// Ends a token; `false` when it was revoked before or there is none.
pub async fn revoke(tx: &mut Tx, now: Timestamp, api_token_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE api_token SET revoked_at = $2 WHERE api_token_id = $1 AND revoked_at IS NULL"
    )
    .bind(api_token_id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
