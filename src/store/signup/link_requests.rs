//! Somebody asked for a link that they lost: to an address's choices, to what its forms led to, or to a new password.

use strum::{AsRefStr, EnumString};
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::request_id::RequestId;
use crate::random::Moment;
use crate::store::{Sql, Tx, on};

/// Where a lost link leads. Its column is named `door`, after the page that was asked at: renaming it would change both
/// schemas for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum WantedLink {
    /// To a subscriber's choices.
    Preferences,
    /// To a new password for the console.
    Password,
    /// To what the forms of an address led to: the page that confirms one, or its download.
    Form,
}

/// One such wish.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LinkRequest {
    /// Its key.
    pub link_request_id: Uuid,
    /// Whose link: as subscribers are known, or as accounts are.
    pub address_key: AddressKey,
    /// Which mailbox its mail counts for.
    pub limiter_key: AddressKey,
    /// The request that brought it.
    pub request_id: Option<RequestId>,
}

/// A wish that is to be written down.
#[derive(Clone, Copy)]
pub struct NewLinkRequest<'a> {
    /// Where the link leads.
    pub wanted: WantedLink,
    /// Whose link it is.
    pub address_key: &'a AddressKey,
    /// Which mailbox its mail counts for.
    pub limiter_key: &'a AddressKey,
}

/// Writes a wish down, the same whether or not the address is known.
pub async fn insert(tx: &mut Tx, at: &Moment, new: NewLinkRequest<'_>) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO link_request (link_request_id, door, address_key, limiter_key, created_at, request_id)
         VALUES ($1, $2, $3, $4, $5, $6)"
    )
    .bind(at.new_id())
    .bind(new.wanted)
    .bind(new.address_key)
    .bind(new.limiter_key)
    .bind(at.now)
    .bind(at.request_id())
    .execute(conn)
    .await
    .map(drop)
    })
}

/// Takes up to `count` requests for this link away, oldest first. On PostgreSQL workers step over each other's.
pub async fn take(tx: &mut Tx, wanted: WantedLink, count: i64) -> sqlx::Result<Vec<LinkRequest>> {
    const TAKE: Sql = Sql {
        sqlite: "DELETE FROM link_request WHERE link_request_id IN
                     (SELECT link_request_id FROM link_request WHERE door = $1
                      ORDER BY link_request_id LIMIT $2)
                 RETURNING link_request_id, address_key, limiter_key, request_id",
        postgres: "DELETE FROM link_request WHERE link_request_id IN
                       (SELECT link_request_id FROM link_request WHERE door = $1
                        ORDER BY link_request_id LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING link_request_id, address_key, limiter_key, request_id",
    };
    on!(tx, TAKE, |conn, sql| sqlx::query_as(sql).bind(wanted).bind(count).fetch_all(conn).await)
}

/// The link that was asked for longest ago; `None` where none does.
pub async fn find_oldest(tx: &mut Tx) -> sqlx::Result<Option<WantedLink>> {
    on!(tx, |conn| {
        sqlx::query_scalar("SELECT door FROM link_request ORDER BY link_request_id LIMIT 1")
            .fetch_optional(conn)
            .await
    })
}
