//! Single-use links that let staff in. The links are derived from these rows, not stored.

use uuid::Uuid;

use crate::domain::staff::member::StaffLinkKind;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Tx, on};

/// A link that was made.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StaffLink {
    /// Its key, which the link carries.
    pub staff_link_id: Uuid,
    /// What it leads to.
    pub kind: StaffLinkKind,
    /// Whose it is; nobody's when it makes the first account.
    pub staff_id: Option<Uuid>,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was followed.
    pub used_at: Option<Timestamp>,
}

impl StaffLink {
    /// Whether it still leads anywhere.
    #[must_use]
    pub fn works(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.expires_at > now
    }
}

/// Makes a link.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    kind: StaffLinkKind,
    staff_id: Option<Uuid>,
) -> sqlx::Result<Uuid> {
    let staff_link_id = at.new_id();
    on!(tx, |conn| sqlx::query(
        "INSERT INTO staff_link (staff_link_id, kind, staff_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)"
    )
    .bind(staff_link_id)
    .bind(kind)
    .bind(staff_id)
    .bind(at.now)
    .bind(kind.until(at.now))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(staff_link_id)
}

/// The link of a key.
pub async fn find(tx: &mut Tx, staff_link_id: Uuid) -> sqlx::Result<Option<StaffLink>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT staff_link_id, kind, staff_id, expires_at, used_at FROM staff_link
         WHERE staff_link_id = $1"
    )
    .bind(staff_link_id)
    .fetch_optional(conn)
    .await)
}

/// When links of this kind were made for an account, oldest first.
pub async fn list_made(
    tx: &mut Tx,
    staff_id: Uuid,
    kind: StaffLinkKind,
) -> sqlx::Result<Vec<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT created_at FROM staff_link WHERE staff_id = $1 AND kind = $2 ORDER BY created_at"
    )
    .bind(staff_id)
    .bind(kind)
    .fetch_all(conn)
    .await)
}

/// Uses a link up; `false` when it was used before or is too old. Of two at once one wins.
pub async fn mark_used(tx: &mut Tx, now: Timestamp, staff_link_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE staff_link SET used_at = $2
         WHERE staff_link_id = $1 AND used_at IS NULL AND expires_at > $2"
    )
    .bind(staff_link_id)
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Uses up every other link of an account, or every link to the first account when it is nobody's.
pub async fn mark_all_used(
    tx: &mut Tx,
    now: Timestamp,
    staff_id: Option<Uuid>,
) -> sqlx::Result<()> {
    // No account has the key of zeros.
    on!(tx, |conn| sqlx::query(
        "UPDATE staff_link SET used_at = $2
         WHERE used_at IS NULL AND (staff_id = $1 OR ($3 AND kind = 'first'))"
    )
    .bind(staff_id.unwrap_or_default())
    .bind(now)
    .bind(staff_id.is_none())
    .execute(conn)
    .await
    .map(drop))
}
