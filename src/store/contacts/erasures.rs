//! What goes when a person is erased (GDPR Art. 17).

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::store::contacts::search_index;
use crate::store::mail::limited_mails;
use crate::store::{Sql, Tx, on};

/// A statement about these signups and subscribers, $1, whose list stands between each two parts.
macro_rules! of_subjects {
    ($first:expr $(, $rest:literal)+) => {
        Sql {
            sqlite: concat!($first $(, "(SELECT unhex(value, '-') FROM json_each($1))", $rest)+),
            postgres: concat!(
                $first
                $(
                    , "(SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
                    $rest
                )+
            ),
        }
    };
}

/// A statement about their mail. That of signups and that of subscribers are found by an index each: for one
/// condition with `OR`, PostgreSQL reads the whole table.
macro_rules! of_mail {
    ($before:literal) => {
        of_mail!($before, ")")
    };
    ($before:literal, $after:literal) => {
        of_subjects!(
            concat!(
                $before,
                " WHERE outbox_id IN (SELECT outbox_id FROM outbox WHERE signup_id IN "
            ),
            " UNION SELECT outbox_id FROM outbox WHERE subscriber_id IN ",
            $after
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

/// Deletes all that is held of an address: the subscriber, their signups, mail, grants and downloads, what other programs
/// were or are to be told of them, the bodies and salts of their events, and the words they were found by. The leaves stay, and what suppresses
/// the address. The signups are those that are there at the beginning, in every statement: one that arrives
/// meanwhile is a new wish, and stays whole. Returns which events were emptied.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn delete_all(
    tx: &mut Tx,
    address_key: &AddressKey,
    subscriber_id: Option<Uuid>,
) -> sqlx::Result<Vec<EmptiedEvent>> {
    let mut subjects = list_subjects(tx, address_key).await?;
    // Found by their own key, whatever the index of addresses says.
    subjects.extend(subscriber_id.filter(|id| !subjects.contains(id)));
    delete(tx, address_key, &subjects).await
}

/// Deletes the same of this subscriber, if one is named, and these of their signups alone, whoever else may bear the
/// address.
///
/// # Errors
/// When the database does not take it; then nothing went.
pub async fn delete_one(
    tx: &mut Tx,
    address_key: &AddressKey,
    (subscriber_id, signup_ids): (Option<Uuid>, &[Uuid]),
) -> sqlx::Result<Vec<EmptiedEvent>> {
    let mut subjects = list_subjects(tx, address_key).await?;
    subjects.retain(|id| Some(*id) == subscriber_id || signup_ids.contains(id));
    delete(tx, address_key, &subjects).await
}

/// The signups of an address, which stay locked, and who bears it.
async fn list_subjects(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<Vec<Uuid>> {
    // A writing transaction on SQLite is alone already.
    const FORMS: Sql = Sql {
        sqlite: "SELECT signup_id FROM signup WHERE address_key = $1 ORDER BY signup_id",
        postgres: "SELECT signup_id FROM signup WHERE address_key = $1 ORDER BY signup_id FOR UPDATE",
    };
    // Another hand may have given the address to more than one.
    const PEOPLE: &str = "SELECT subscriber_id FROM subscriber WHERE address_key = $1";
    // Whoever decides mail about one of them at this moment finishes first.
    limited_mails::take_turns_of(tx, address_key).await?;
    let mut subjects: Vec<Uuid> = on!(tx, FORMS, |conn, sql| sqlx::query_scalar(sql)
        .bind(address_key)
        .fetch_all(conn)
        .await)?;
    let people: Vec<Uuid> =
        on!(tx, |conn| sqlx::query_scalar(PEOPLE).bind(address_key).fetch_all(conn).await)?;
    subjects.extend(people);
    Ok(subjects)
}

async fn delete(
    tx: &mut Tx,
    address_key: &AddressKey,
    subjects: &[Uuid],
) -> sqlx::Result<Vec<EmptiedEvent>> {
    const BARE_EVENTS: Sql = of_subjects!(
        "UPDATE consent_event SET body = NULL, salt = NULL
         WHERE body IS NOT NULL AND subject_id IN ",
        " RETURNING leaf_index, leaf"
    );
    // Locked and fenced: whoever delivers such a mail at this moment writes down no delivery of it any more.
    // In the order in which deliveries are written down, so that neither waits for the other. A writing transaction on
    // SQLite is alone already.
    const IN_ORDER: Sql = Sql {
        sqlite: of_mail!("SELECT outbox_id FROM outbox").sqlite,
        postgres: of_mail!("SELECT outbox_id FROM outbox", ") ORDER BY outbox_id FOR UPDATE")
            .postgres,
    };
    const FENCE: Sql = of_mail!("UPDATE outbox SET claims = claims + 1");
    const DELIVERIES: Sql = of_mail!("DELETE FROM delivery");
    const MAIL: Sql = of_mail!("DELETE FROM outbox");
    const DOWNLOADS: Sql = of_subjects!(
        "DELETE FROM download WHERE download_grant_id IN
             (SELECT download_grant_id FROM download_grant WHERE subscriber_id IN ",
        ")"
    );
    const GRANTS: Sql = of_subjects!("DELETE FROM download_grant WHERE subscriber_id IN ", "");
    const SIGNUPS: Sql = of_subjects!("DELETE FROM signup WHERE signup_id IN ", "");
    const CONSENTS: Sql = of_subjects!("DELETE FROM consent WHERE subscriber_id IN ", "");
    // A worker that answers one at this moment may wait for what is locked here; the wish goes with its answer.
    const REQUESTS: Sql = Sql {
        sqlite: "DELETE FROM link_request WHERE address_key = $1",
        postgres: "DELETE FROM link_request WHERE link_request_id IN
                       (SELECT link_request_id FROM link_request WHERE address_key = $1
                        FOR UPDATE SKIP LOCKED)",
    };
    // What a worker holds at this moment goes on, and settles it (`webhook_deliveries::delete_if_erased`).
    const WEBHOOKS: Sql = of_subjects!(
        "DELETE FROM webhook_delivery WHERE lease_until IS NULL AND subscriber_id IN ",
        ""
    );
    const TRIES: &str = "DELETE FROM code_try WHERE address_key = $1";
    const PEOPLE: Sql = of_subjects!(
        "DELETE FROM subscriber WHERE subscriber_id IN ",
        " RETURNING subscriber_id, words"
    );

    let subjects = crate::store::batch(subjects)?;
    let emptied = on!(tx, BARE_EVENTS, |conn, sql| sqlx::query_as(sql)
        .bind(&subjects)
        .fetch_all(conn)
        .await)?;
    for statement in
        [IN_ORDER, FENCE, DELIVERIES, MAIL, DOWNLOADS, GRANTS, SIGNUPS, CONSENTS, WEBHOOKS]
    {
        on!(tx, statement, |conn, sql| sqlx::query(sql)
            .bind(&subjects)
            .execute(conn)
            .await
            .map(drop))?;
    }
    on!(tx, REQUESTS, |conn, sql| sqlx::query(sql)
        .bind(address_key)
        .execute(conn)
        .await
        .map(drop))?;
    on!(tx, |conn| sqlx::query(TRIES).bind(address_key).execute(conn).await.map(drop))?;
    let gone: Vec<(Uuid, Option<String>)> =
        on!(tx, PEOPLE, |conn, sql| sqlx::query_as(sql).bind(&subjects).fetch_all(conn).await)?;
    for (subscriber_id, words) in gone {
        search_index::forget(tx, subscriber_id, words.as_deref()).await?;
    }
    Ok(emptied)
}

/// How many signups are held of an address.
pub async fn count_signups(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM signup WHERE address_key = $1")
        .bind(address_key)
        .fetch_one(conn)
        .await)
}
