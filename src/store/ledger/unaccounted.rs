//! Consents, people and forms of which no event tells, for the check of the whole ledger.

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::submitted_form::BY_PRESS;
use crate::store::{Sql, Tx, on};

/// How many consents stand.
pub async fn count_consents(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM consent").fetch_one(conn).await)
}

/// A consent that no event of the ledger carries: its subscriber and purpose.
pub async fn list_groundless(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, Purpose)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT c.subscriber_id, c.purpose FROM consent c
         LEFT JOIN consent_event e ON e.event_id = c.event_id
         WHERE e.event_id IS NULL OR e.subject_id <> c.subscriber_id OR e.purpose <> c.purpose
         ORDER BY c.subscriber_id LIMIT 20"
    )
    .fetch_all(conn)
    .await)
}

/// Subscribers of whom a text holds what divides the fields and rows of an export.
pub async fn list_divided(tx: &mut Tx) -> sqlx::Result<Vec<Uuid>> {
    macro_rules! divided {
        ($us:literal, $rs:literal) => {
            concat!(
                "SELECT subscriber_id FROM (SELECT subscriber_id, email || COALESCE(name, '')
                     || COALESCE(organisation, '') || COALESCE(job_title, '') AS texts FROM subscriber) AS s
                 WHERE ", $us, " > 0 OR ", $rs, " > 0 ORDER BY subscriber_id LIMIT 20"
            )
        };
    }
    const LIST: Sql = Sql {
        sqlite: divided!("instr(texts, char(31))", "instr(texts, char(30))"),
        postgres: divided!("strpos(texts, chr(31))", "strpos(texts, chr(30))"),
    };
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql).fetch_all(conn).await)
}

/// How many subscribers there are.
pub async fn count_subscribers(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM subscriber").fetch_one(conn).await)
}

/// Subscribers whose newest event, by their own count, is missing.
pub async fn list_cut_off(tx: &mut Tx) -> sqlx::Result<Vec<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT u.subscriber_id FROM subscriber u
         LEFT JOIN consent_event e ON e.subject_id = u.subscriber_id AND e.seq = u.last_seq
         WHERE e.event_id IS NULL ORDER BY u.subscriber_id LIMIT 20"
    )
    .fetch_all(conn)
    .await)
}

/// How many signups there are that had boxes: not those of a press beside another report (`BY_PRESS`).
pub async fn count_signups(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar("SELECT count(*) FROM signup WHERE source <> $1")
        .bind(BY_PRESS)
        .fetch_one(conn)
        .await)
}

/// Signups of whose boxes no event tells.
pub async fn list_untold(tx: &mut Tx) -> sqlx::Result<Vec<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT s.signup_id FROM signup s
         LEFT JOIN consent_event e ON e.subject_id = s.signup_id AND e.seq = 1
         WHERE e.event_id IS NULL AND s.source <> $1 ORDER BY s.signup_id LIMIT 20"
    )
    .bind(BY_PRESS)
    .fetch_all(conn)
    .await)
}
