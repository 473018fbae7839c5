//! The right of one subscriber to fetch one report: it expires, is counted, can be revoked.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::catalog::media_type::MediaType;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::{Tx, on};

/// A grant about to be given.
#[derive(Clone, Copy, Debug)]
pub struct NewDownloadGrant {
    /// Whose.
    pub subscriber_id: Uuid,
    /// To what.
    pub report_id: Uuid,
    /// The signup whose confirmation gave it.
    pub signup_id: Uuid,
    /// How many downloads.
    pub download_limit: i64,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A grant, with what pages and mails say about it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DownloadGrant {
    /// Its key.
    pub download_grant_id: Uuid,
    /// Whose it is.
    pub subscriber_id: Uuid,
    /// The signup whose confirmation gave it.
    pub signup_id: Uuid,
    /// Which links work.
    pub generation: i32,
    /// Downloads counted.
    pub used: i64,
    /// Downloads allowed.
    pub download_limit: i64,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When a start was counted last, whatever generation its link was of.
    pub started_at: Option<Timestamp>,
    /// Whose mailbox.
    pub email: EmailAddress,
    /// Who that is.
    pub address_key: AddressKey,
    /// Which mailbox its mail counts for.
    pub limiter_key: AddressKey,
    /// The report's short name.
    pub report_slug: Slug,
    /// The report's title.
    pub report_title: String,
    /// Where the file lies.
    pub file_key: String,
    /// What kind of file.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub byte_size: i64,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: String,
}

/// How long one download lasts: after a counted start nothing of the file is counted for so long.
const ONE_DOWNLOAD: Duration = Duration::from_hours(1);

impl DownloadGrant {
    /// Whether its links of this generation are good for another download at this moment.
    #[must_use]
    pub fn works(&self, now: Timestamp, generation: i32) -> bool {
        self.is_valid(now, generation) && self.used < self.download_limit
    }

    /// Whether the download that was counted last may go on at this moment, used up or not.
    #[must_use]
    pub fn is_under_way(&self, now: Timestamp, generation: i32) -> bool {
        let begun = self.started_at.is_some_and(|started| started > now.minus(ONE_DOWNLOAD));
        self.is_valid(now, generation) && begun
    }

    /// Whether it opens its page and file at this moment, for links of this generation.
    #[must_use]
    pub fn opens(&self, now: Timestamp, generation: i32) -> bool {
        self.works(now, generation) || self.is_under_way(now, generation)
    }

    fn is_valid(&self, now: Timestamp, generation: i32) -> bool {
        self.revoked_at.is_none() && self.expires_at > now && self.generation == generation
    }
}

/// Gives a grant; returns its key.
pub async fn insert(tx: &mut Tx, at: &Moment, new: NewDownloadGrant) -> sqlx::Result<Uuid> {
    let id = at.new_id();
    on!(tx, |conn| sqlx::query(
        "INSERT INTO download_grant (download_grant_id, subscriber_id, report_id, signup_id,
                                     download_limit, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    .bind(id)
    .bind(new.subscriber_id)
    .bind(new.report_id)
    .bind(new.signup_id)
    .bind(new.download_limit)
    .bind(at.now)
    .bind(new.expires_at)
    .execute(conn)
    .await
    .map(drop))?;
    Ok(id)
}

macro_rules! grants {
    ($rest:literal) => {
        concat!(
            "SELECT g.download_grant_id, g.subscriber_id, g.signup_id, g.generation, g.used, g.download_limit, g.expires_at,
                    g.revoked_at, g.started_at, u.email, u.address_key, s.limiter_key, r.slug AS report_slug,
                    r.title AS report_title, r.file_key, r.media_type, r.byte_size, r.sha256
             FROM download_grant g
             JOIN subscriber u ON u.subscriber_id = g.subscriber_id
             JOIN signup s ON s.signup_id = g.signup_id
             JOIN report r ON r.report_id = g.report_id ",
            $rest
        )
    };
}

/// One grant by its key, or by the signup that gave it.
pub async fn find(tx: &mut Tx, grant_or_signup_id: Uuid) -> sqlx::Result<Option<DownloadGrant>> {
    on!(tx, |conn| {
        sqlx::query_as(grants!("WHERE g.download_grant_id = $1 OR g.signup_id = $1"))
            .bind(grant_or_signup_id)
            .fetch_optional(conn)
            .await
    })
}

/// The newest grant of somebody to one report, unless it was taken back.
pub async fn find_newest(
    tx: &mut Tx,
    subscriber_id: Uuid,
    report_id: Uuid,
) -> sqlx::Result<Option<DownloadGrant>> {
    on!(tx, |conn| {
        sqlx::query_as(grants!(
            "WHERE g.subscriber_id = $1 AND g.report_id = $2 AND g.revoked_at IS NULL
             ORDER BY g.created_at DESC, g.download_grant_id DESC LIMIT 1"
        ))
        .bind(subscriber_id)
        .bind(report_id)
        .fetch_optional(conn)
        .await
    })
}

/// Counts one start of a download; `false` when one was counted within the hour, or when the grant expired, was
/// revoked or superseded, or is used up. Of any number of starts at once, one is counted: their moment stands on the
/// grant, for PostgreSQL looks at that row again after waiting for its lock, and at no other.
pub async fn count_start(
    tx: &mut Tx,
    at: &Moment,
    download_grant_id: Uuid,
    generation: i32,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        let counted = sqlx::query(
            "UPDATE download_grant SET used = used + 1, started_at = $3
             WHERE download_grant_id = $1 AND generation = $2 AND revoked_at IS NULL
               AND expires_at > $3 AND used < download_limit
               AND (started_at IS NULL OR started_at <= $4)",
        )
        .bind(download_grant_id)
        .bind(generation)
        .bind(at.now)
        .bind(at.now.minus(ONE_DOWNLOAD))
        .execute(&mut *conn)
        .await?
        .rows_affected()
            == 1;
        if counted {
            sqlx::query(
                "INSERT INTO download (download_id, download_grant_id, started_at) VALUES ($1, $2, $3)",
            )
            .bind(at.new_id())
            .bind(download_grant_id)
            .bind(at.now)
            .execute(conn)
            .await?;
        }
        Ok(counted)
    })
}

/// Whether a download that was counted within the hour may go on.
pub async fn is_under_way(
    tx: &mut Tx,
    now: Timestamp,
    download_grant_id: Uuid,
    generation: i32,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT 1 FROM download_grant
             WHERE download_grant_id = $1 AND generation = $2 AND revoked_at IS NULL
               AND expires_at > $3 AND started_at > $4)"
    )
    .bind(download_grant_id)
    .bind(generation)
    .bind(now)
    .bind(now.minus(ONE_DOWNLOAD))
    .fetch_one(conn)
    .await)
}

/// Gives a grant its next generation of links, a new term and a full count; `false` when it was
/// revoked: revocation is for good.
pub async fn mark_fresh(
    tx: &mut Tx,
    download_grant_id: Uuid,
    expires_at: Timestamp,
    download_limit: i64,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE download_grant
         SET generation = generation + 1, used = 0, download_limit = $3, expires_at = $2
         WHERE download_grant_id = $1 AND revoked_at IS NULL AND generation < 65535"
    )
    .bind(download_grant_id)
    .bind(expires_at)
    .bind(download_limit)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
