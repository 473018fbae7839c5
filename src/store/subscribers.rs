//! People, each known by one verified address.

use uuid::Uuid;

use super::signups::Signup;
use super::{Tx, on};
use crate::random::Moment;

/// The subscriber of a signup's address, made or brought up to date with what the signup said; what it
/// left blank stays as it was. Locks the row until the transaction ends.
///
/// # Errors
/// When the database does not take it.
pub async fn upsert(tx: &mut Tx, at: &Moment, signup: &Signup) -> sqlx::Result<Uuid> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "INSERT INTO subscriber
             (subscriber_id, email, address_key, name, organisation, job_title, verified_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (address_key) DO UPDATE SET
             email = excluded.email,
             name = COALESCE(excluded.name, subscriber.name),
             organisation = COALESCE(excluded.organisation, subscriber.organisation),
             job_title = COALESCE(excluded.job_title, subscriber.job_title),
             verified_at = excluded.verified_at
         RETURNING subscriber_id"
    )
    .bind(at.new_id())
    .bind(&signup.email)
    .bind(&signup.address_key)
    .bind(&signup.name)
    .bind(&signup.organisation)
    .bind(&signup.job_title)
    .bind(at.now)
    .fetch_one(conn)
    .await
    })
}

/// Reserves the next `count` numbers in the order of a subscriber's events; returns the first. The
/// row stays locked until the transaction ends, so the order is that of the commits.
///
/// # Errors
/// When the database does not take it.
pub async fn take_seqs(tx: &mut Tx, subscriber_id: Uuid, count: i64) -> sqlx::Result<i64> {
    let last: i64 = on!(tx, |conn| {
        sqlx::query_scalar(
        "UPDATE subscriber SET last_seq = last_seq + $2 WHERE subscriber_id = $1 RETURNING last_seq"
    )
    .bind(subscriber_id)
    .bind(count)
    .fetch_one(conn)
    .await
    })?;
    Ok(last - count + 1)
}
