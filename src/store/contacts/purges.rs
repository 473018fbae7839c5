//! What goes when its time is over.

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::erasures::EmptiedEvent;
use crate::store::{Sql, Tx, in_force, on};

/// Marks the signups nobody confirmed in time; returns how many.
pub async fn mark_expired(tx: &mut Tx, now: Timestamp) -> sqlx::Result<u64> {
    on!(tx, |conn| sqlx::query(
        "UPDATE signup SET status = 'expired' WHERE status = 'pending' AND expires_at <= $1"
    )
    .bind(now)
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))
}

/// How many unconfirmed signups were made before `before`.
pub async fn count_unconfirmed(
    tx: &mut Tx,
    now: Timestamp,
    before: Timestamp,
) -> sqlx::Result<i64> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "SELECT count(*) FROM signup s
         WHERE s.status <> 'confirmed' AND s.created_at <= $2 AND (s.status <> 'pending' OR s.expires_at <= $1)
           AND NOT EXISTS (SELECT 1 FROM consent_event e
                           WHERE e.signup_id = s.signup_id AND e.type <> 'requested')"
    )
    .bind(now)
    .bind(before)
    .fetch_one(conn)
    .await
    })
}

/// Deletes signups, their mail, and the bodies and salts of their events; the leaves stay. Returns which events were
/// emptied.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn delete_signups(tx: &mut Tx, signup_ids: &[Uuid]) -> sqlx::Result<Vec<EmptiedEvent>> {
    // Whoever is delivering such a mail at this moment finds another number and lets go of it.
    const FENCE: Sql = Sql {
        sqlite: "UPDATE outbox SET claims = claims + 1
                 WHERE signup_id IN (SELECT unhex(value, '-') FROM json_each($1))",
        postgres: "UPDATE outbox SET claims = claims + 1 WHERE signup_id IN
                   (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    };
    const BARE_EVENTS: Sql = Sql {
        sqlite: "UPDATE consent_event SET body = NULL, salt = NULL
                 WHERE body IS NOT NULL AND subject_id IN (SELECT unhex(value, '-') FROM json_each($1))
                 RETURNING leaf_index, leaf",
        postgres: "UPDATE consent_event SET body = NULL, salt = NULL
                   WHERE body IS NOT NULL AND subject_id IN
                       (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))
                   RETURNING leaf_index, leaf",
    };
    const DELIVERIES: Sql = Sql {
        sqlite: "DELETE FROM delivery WHERE outbox_id IN (SELECT outbox_id FROM outbox
                 WHERE signup_id IN (SELECT unhex(value, '-') FROM json_each($1)))",
        postgres: "DELETE FROM delivery WHERE outbox_id IN (SELECT outbox_id FROM outbox WHERE signup_id IN
                   (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json))))",
    };
    const MAIL: Sql = Sql {
        sqlite: "DELETE FROM outbox WHERE signup_id IN (SELECT unhex(value, '-') FROM json_each($1))",
        postgres: "DELETE FROM outbox WHERE signup_id IN
                   (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    };
    const SIGNUPS: Sql = Sql {
        sqlite: "DELETE FROM signup WHERE signup_id IN (SELECT unhex(value, '-') FROM json_each($1))",
        postgres: "DELETE FROM signup WHERE signup_id IN
                   (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    };
    let ids = crate::store::batch(signup_ids)?;
    let emptied =
        on!(tx, BARE_EVENTS, |conn, sql| sqlx::query_as(sql).bind(&ids).fetch_all(conn).await)?;
    for statement in [FENCE, DELIVERIES, MAIL, SIGNUPS] {
        on!(tx, statement, |conn, sql| sqlx::query(sql).bind(&ids).execute(conn).await.map(drop))?;
    }
    Ok(emptied)
}

macro_rules! ended {
    ($select:literal, $rest:literal) => {
        concat!(
            $select,
            " FROM subscriber u
             WHERE u.created_at <= $1
               AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.subscriber_id = u.subscriber_id
                               AND ",
            in_force!("c.state"),
            ")
               AND NOT EXISTS (SELECT 1 FROM consent_event e WHERE e.subject_id = u.subscriber_id
                               AND e.recorded_at > $1)
               AND NOT EXISTS (SELECT 1 FROM signup s WHERE s.address_key = u.address_key
                               AND s.status = 'pending')",
            $rest
        )
    };
}

/// How many people have nothing in force any more since `before` or earlier.
pub async fn count_ended(tx: &mut Tx, before: Timestamp) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(ended!("SELECT count(*)", ""))
        .bind(before)
        .fetch_one(conn)
        .await)
}

/// Up to `count` of them in the order of their keys behind this one: keys and addresses, whose rows nobody else changes until the transaction ends.
pub async fn lock_ended(
    tx: &mut Tx,
    before: Timestamp,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<(Uuid, AddressKey)>> {
    const ENDED: Sql = Sql {
        sqlite: ended!(
            "SELECT u.subscriber_id, u.address_key",
            " AND u.subscriber_id > $3 ORDER BY u.subscriber_id LIMIT $2"
        ),
        postgres: ended!(
            "SELECT u.subscriber_id, u.address_key",
            " AND u.subscriber_id > $3 ORDER BY u.subscriber_id LIMIT $2 FOR UPDATE OF u SKIP LOCKED"
        ),
    };
    on!(tx, ENDED, |conn, sql| sqlx::query_as(sql)
        .bind(before)
        .bind(count)
        .bind(after)
        .fetch_all(conn)
        .await)
}

/// Whether somebody else bears the address of this subscriber, or an event of somebody else tells of one of its forms:
/// then another hand put them together.
pub async fn is_shared(
    tx: &mut Tx,
    subscriber_id: Uuid,
    address_key: &AddressKey,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM subscriber u
                        WHERE u.address_key = $2 AND u.subscriber_id <> $1)
             OR EXISTS (SELECT 1 FROM signup s JOIN consent_event e ON e.signup_id = s.signup_id
                        WHERE s.address_key = $2 AND e.type <> 'requested' AND e.subject_id <> $1)"
    )
    .bind(subscriber_id)
    .bind(address_key)
    .fetch_one(conn)
    .await)
}
