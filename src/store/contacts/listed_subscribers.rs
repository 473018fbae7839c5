//! The people of one page of a list.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store::{Sql, Tx, on, suppresses_all};

/// One line of the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ListedSubscriber {
    /// Their key.
    pub subscriber_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: Option<String>,
    /// Where they work.
    pub organisation: Option<String>,
    /// What they do there.
    pub job_title: Option<String>,
    /// When they confirmed first.
    pub created_at: Timestamp,
}

/// These people, newest first.
pub async fn list(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<ListedSubscriber>> {
    const LIST: Sql = Sql {
        sqlite: "SELECT subscriber_id, email, name, organisation, job_title, created_at
                 FROM subscriber
                 WHERE subscriber_id IN (SELECT unhex(value, '-') FROM json_each($1))
                 ORDER BY subscriber_id DESC",
        postgres: "SELECT subscriber_id, email, name, organisation, job_title, created_at
                   FROM subscriber
                   WHERE subscriber_id IN
                       (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))
                   ORDER BY subscriber_id DESC",
    };
    let ids = crate::store::batch(ids)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(ids).fetch_all(conn).await)
}

/// What each of these people agreed to, and where that stands; the privacy policy first.
pub async fn list_states(
    tx: &mut Tx,
    ids: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Purpose, EventType)>> {
    const LIST: Sql = Sql {
        sqlite: "SELECT subscriber_id, purpose, state FROM consent
                 WHERE subscriber_id IN (SELECT unhex(value, '-') FROM json_each($1))
                 ORDER BY CASE purpose WHEN 'privacy-policy' THEN 0 ELSE 1 END, purpose",
        postgres: "SELECT subscriber_id, purpose, state FROM consent
                   WHERE subscriber_id IN
                       (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))
                   ORDER BY CASE purpose WHEN 'privacy-policy' THEN 0 ELSE 1 END, purpose",
    };
    let ids = crate::store::batch(ids)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(ids).fetch_all(conn).await)
}

/// Those of these people whom nothing is mailed to, whatever they agreed to.
pub async fn list_stopped(tx: &mut Tx, ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    const LIST: Sql = Sql {
        sqlite: concat!(
            "SELECT u.subscriber_id FROM subscriber u
             WHERE u.subscriber_id IN (SELECT unhex(value, '-') FROM json_each($1))
               AND EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key AND ",
            suppresses_all!("s.reason"),
            ")"
        ),
        postgres: concat!(
            "SELECT u.subscriber_id FROM subscriber u
             WHERE u.subscriber_id IN
                   (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))
               AND EXISTS (SELECT 1 FROM suppression s WHERE s.address_key = u.address_key AND ",
            suppresses_all!("s.reason"),
            ")"
        ),
    };
    let ids = crate::store::batch(ids)?;
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).bind(ids).fetch_all(conn).await)
}
