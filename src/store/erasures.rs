//! What goes when a person is erased (GDPR Art. 17).

use uuid::Uuid;

use super::{Sql, Tx, on, subscriber_words};
use crate::domain::address_key::AddressKey;

/// A statement about these signups, $1, and the subscriber of an address, $2, or that one of them, $3.
macro_rules! of_forms {
    ($before:expr, $after:literal) => {
        Sql {
            sqlite: concat!($before, "(SELECT unhex(value, '-') FROM json_each($1))", $after),
            postgres: concat!(
                $before,
                "(SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
                $after
            ),
        }
    };
}

/// A statement about the mail of these signups and of the subscriber. Each of both is found by its own index:
/// for one condition with `OR`, PostgreSQL reads the whole table.
macro_rules! of_mail {
    ($before:literal) => {
        of_forms!(
            concat!(
                $before,
                " WHERE outbox_id IN (SELECT outbox_id FROM outbox WHERE signup_id IN "
            ),
            " UNION SELECT outbox_id FROM outbox WHERE subscriber_id IN
                 (SELECT subscriber_id FROM subscriber WHERE address_key = $2
                    AND subscriber_id = COALESCE($3, subscriber_id)))"
        )
    };
}

/// An event that lost body and salt.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EmptiedEvent {
    /// Its place in the tree; none while it waits for one.
    pub leaf_index: Option<i64>,
    /// Its leaf, which stays.
    pub leaf: String,
}

/// Deletes all that is held of an address: the subscriber, their signups, mail, grants and downloads, the
/// bodies and salts of their events, and the words they were found by. The leaves stay, and what suppresses
/// the address. The signups are those that are there at the beginning, in every statement: one that arrives
/// meanwhile is a new wish, and stays whole. Returns which events were emptied.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn delete_all(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<Vec<EmptiedEvent>> {
    delete(tx, address_key, None).await
}

/// Deletes the same of this subscriber and these of their signups alone, whoever else may bear the address.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn delete_one(
    tx: &mut Tx,
    address_key: &AddressKey,
    (subscriber_id, signup_ids): (Uuid, &[Uuid]),
) -> sqlx::Result<Vec<EmptiedEvent>> {
    delete(tx, address_key, Some((subscriber_id, signup_ids))).await
}

async fn delete(
    tx: &mut Tx,
    address_key: &AddressKey,
    only: Option<(Uuid, &[Uuid])>,
) -> sqlx::Result<Vec<EmptiedEvent>> {
    // A writing transaction on SQLite is alone already.
    const FORMS: Sql = Sql {
        sqlite: "SELECT signup_id FROM signup WHERE address_key = $1 ORDER BY signup_id",
        postgres: "SELECT signup_id FROM signup WHERE address_key = $1 ORDER BY signup_id FOR UPDATE",
    };
    // Locked and fenced: whoever delivers such a mail at this moment writes down no delivery of it any more.
    const FENCE: Sql = of_mail!("UPDATE outbox SET claims = claims + 1");
    const DELIVERIES: Sql = of_mail!("DELETE FROM delivery");
    const MAIL: Sql = of_mail!("DELETE FROM outbox");
    // By its index, too.
    const BARE_EVENTS: Sql = of_forms!(
        "UPDATE consent_event SET body = NULL, salt = NULL
         WHERE body IS NOT NULL AND subject_id IN (SELECT * FROM ",
        " AS form UNION SELECT subscriber_id FROM subscriber WHERE address_key = $2
                    AND subscriber_id = COALESCE($3, subscriber_id))
         RETURNING leaf_index, leaf"
    );
    const DOWNLOADS: &str = "DELETE FROM download WHERE download_grant_id IN
         (SELECT g.download_grant_id FROM download_grant g
          JOIN subscriber u ON u.subscriber_id = g.subscriber_id
          WHERE u.address_key = $1 AND u.subscriber_id = COALESCE($2, u.subscriber_id))";
    const GRANTS: &str = "DELETE FROM download_grant WHERE subscriber_id IN
         (SELECT subscriber_id FROM subscriber
          WHERE address_key = $1 AND subscriber_id = COALESCE($2, subscriber_id))";
    const SIGNUPS: Sql =
        of_forms!("DELETE FROM signup WHERE signup_id IN ", " AND address_key = $2");
    const REQUESTS: &str = "DELETE FROM link_request WHERE address_key = $1";
    const TRIES: &str = "DELETE FROM code_try WHERE address_key = $1";
    const CONSENTS: &str = "DELETE FROM consent WHERE subscriber_id IN
         (SELECT subscriber_id FROM subscriber
          WHERE address_key = $1 AND subscriber_id = COALESCE($2, subscriber_id))";
    const SUBSCRIBER: &str = "DELETE FROM subscriber
         WHERE address_key = $1 AND subscriber_id = COALESCE($2, subscriber_id)
         RETURNING subscriber_id, words";

    let mut forms: Vec<Uuid> = on!(tx, FORMS, |conn, sql| sqlx::query_scalar(sql)
        .bind(address_key)
        .fetch_all(conn)
        .await)?;
    if let Some((_, looked_at)) = only {
        forms.retain(|signup_id| looked_at.contains(signup_id));
    }
    let (one, forms) = (only.map(|(subscriber_id, _)| subscriber_id), super::batch(&forms)?);
    let emptied = on!(tx, BARE_EVENTS, |conn, sql| sqlx::query_as(sql)
        .bind(&forms)
        .bind(address_key)
        .bind(one)
        .fetch_all(conn)
        .await)?;
    for statement in [FENCE, DELIVERIES, MAIL] {
        on!(tx, statement, |conn, sql| sqlx::query(sql)
            .bind(&forms)
            .bind(address_key)
            .bind(one)
            .execute(conn)
            .await
            .map(drop))?;
    }
    for statement in [DOWNLOADS, GRANTS] {
        on!(tx, |conn| sqlx::query(statement)
            .bind(address_key)
            .bind(one)
            .execute(conn)
            .await
            .map(drop))?;
    }
    on!(tx, SIGNUPS, |conn, sql| sqlx::query(sql)
        .bind(&forms)
        .bind(address_key)
        .execute(conn)
        .await
        .map(drop))?;
    for statement in [REQUESTS, TRIES] {
        on!(tx, |conn| sqlx::query(statement).bind(address_key).execute(conn).await.map(drop))?;
    }
    on!(tx, |conn| sqlx::query(CONSENTS)
        .bind(address_key)
        .bind(one)
        .execute(conn)
        .await
        .map(drop))?;
    let gone: Option<(Uuid, Option<String>)> = on!(tx, |conn| sqlx::query_as(SUBSCRIBER)
        .bind(address_key)
        .bind(one)
        .fetch_optional(conn)
        .await)?;
    if let Some((subscriber_id, words)) = gone {
        subscriber_words::forget(tx, subscriber_id, words.as_deref()).await?;
    }
    Ok(emptied)
}

/// How many signups are held of an address.
///
/// # Errors
/// When the database does not answer.
pub async fn count_signups(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM signup WHERE address_key = $1")
        .bind(address_key)
        .fetch_one(conn)
        .await)
}
