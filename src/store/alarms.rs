//! What the operator must look at, while it lasts.

use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// One such thing. Most rows only tell of something; that of [`MAIL_PAUSED`] is the pause of mail itself: while it stands
/// nothing is taken from the outbox, and without it mail leaves.
///
/// [`MAIL_PAUSED`]: crate::domain::alarm::MAIL_PAUSED
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Alarm {
    /// What it is about, by the names of `domain::alarm`.
    pub subject: String,
    /// What is wrong, in words, as it was seen last.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
}

/// Writes an alarm down; one that stands already keeps its beginning and takes the new words. `true` when it
/// is new: of many at once, one is.
pub async fn upsert(
    tx: &mut Tx,
    now: Timestamp,
    subject: &str,
    detail: &str,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        let new = sqlx::query(
            "INSERT INTO alarm (subject, detail, since) VALUES ($1, $2, $3)
             ON CONFLICT (subject) DO NOTHING",
        )
        .bind(subject)
        .bind(detail)
        .bind(now)
        .execute(&mut *conn)
        .await?
        .rows_affected()
            == 1;
        if !new {
            sqlx::query("UPDATE alarm SET detail = $2 WHERE subject = $1 AND detail <> $2")
                .bind(subject)
                .bind(detail)
                .execute(conn)
                .await?;
        }
        Ok(new)
    })
}

/// Ends an alarm; `false` when it did not stand.
pub async fn delete(tx: &mut Tx, subject: &str) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query("DELETE FROM alarm WHERE subject = $1")
        .bind(subject)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// The alarm about one subject, while it stands.
pub async fn find(tx: &mut Tx, subject: &str) -> sqlx::Result<Option<Alarm>> {
    on!(tx, |conn| sqlx::query_as("SELECT subject, detail, since FROM alarm WHERE subject = $1")
        .bind(subject)
        .fetch_optional(conn)
        .await)
}

/// What stands, by subject.
pub async fn list(tx: &mut Tx) -> sqlx::Result<Vec<Alarm>> {
    on!(tx, |conn| sqlx::query_as("SELECT subject, detail, since FROM alarm ORDER BY subject")
        .fetch_all(conn)
        .await)
}
