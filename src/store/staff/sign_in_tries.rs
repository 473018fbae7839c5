//! Tries to sign in that did not succeed, counted for the account or the browser known to be its owner's, and
//! for the network address: each is known by a keyed hash alone.

use std::time::Duration;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// Failures this old count no longer.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// Counts one try, unless an earlier one still makes it wait. Counted before the password is looked at, so
/// that many at once are counted as many; who succeeds is forgiven afterwards. Returns how many there
/// were, or `None` when this one must wait.
pub async fn count(tx: &mut Tx, now: Timestamp, subject: &AddressKey) -> sqlx::Result<Option<i32>> {
    on!(tx, |conn| sqlx::query_scalar(
        "INSERT INTO sign_in_try (subject, tries, last_at, next_at) VALUES ($1, 1, $2, $2)
         ON CONFLICT (subject) DO UPDATE SET
             tries = CASE WHEN sign_in_try.last_at <= $3 THEN 1 ELSE sign_in_try.tries + 1 END,
             last_at = $2
         WHERE sign_in_try.next_at <= $2
         RETURNING tries"
    )
    .bind(subject)
    .bind(now)
    .bind(now.minus(FORGOTTEN_AFTER))
    .fetch_optional(conn)
    .await)
}

/// Makes the next try of this subject wait until then.
pub async fn put_off(tx: &mut Tx, subject: &AddressKey, until: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("UPDATE sign_in_try SET next_at = $2 WHERE subject = $1")
        .bind(subject)
        .bind(until)
        .execute(conn)
        .await
        .map(drop))
}

/// Until when this subject must wait.
pub async fn waits_until(tx: &mut Tx, subject: &AddressKey) -> sqlx::Result<Option<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar("SELECT next_at FROM sign_in_try WHERE subject = $1")
        .bind(subject)
        .fetch_optional(conn)
        .await)
}

/// Forgives all tries of a subject.
pub async fn delete(tx: &mut Tx, subject: &AddressKey) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM sign_in_try WHERE subject = $1")
        .bind(subject)
        .execute(conn)
        .await
        .map(drop))
}

/// Takes one try back, and the wait it led to: it succeeded.
pub async fn forgive_one(tx: &mut Tx, subject: &AddressKey) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "UPDATE sign_in_try SET tries = tries - 1, next_at = last_at WHERE subject = $1 AND tries > 1"
    )
    .bind(subject)
    .execute(conn)
    .await
    .map(drop)
    })
}

/// Forgets those that count no longer.
pub async fn delete_old(tx: &mut Tx, now: Timestamp) -> sqlx::Result<u64> {
    on!(tx, |conn| sqlx::query("DELETE FROM sign_in_try WHERE last_at <= $1")
        .bind(now.minus(FORGOTTEN_AFTER))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))
}
