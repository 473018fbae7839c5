//! What name servers said of the domains that people typed.

use crate::domain::timestamp::Timestamp;
use crate::store::{Sql, Tx, on};

/// Of which forms the domains are looked up, and what of them is known already.
#[derive(Clone, Copy)]
pub struct Unasked {
    /// Forms that were sent since.
    pub sent_since: Timestamp,
    /// What was said since counts.
    pub said_since: Timestamp,
    /// Where nothing was said, it is asked again if that was before.
    pub silent_since: Timestamp,
}

/// Up to `count` domains of forms that wait for their button, whoever sent them, the newest first, of which it is not known
/// whether anything takes their mail.
pub async fn list_unasked(tx: &mut Tx, unasked: Unasked, count: i64) -> sqlx::Result<Vec<String>> {
    macro_rules! unasked {
        ($domain:literal) => {
            concat!(
                "SELECT domain FROM (
                     SELECT ",
                $domain,
                " AS domain, max(created_at) AS sent_at FROM signup
                     WHERE status <> 'confirmed' AND created_at > $1 GROUP BY 1) AS typed
                 WHERE NOT EXISTS (SELECT 1 FROM mail_domain m WHERE m.domain = typed.domain
                                   AND m.asked_at > CASE WHEN m.takes_mail IS NULL THEN $3 ELSE $2 END)
                 ORDER BY sent_at DESC LIMIT $4"
            )
        };
    }
    const LIST: Sql = Sql {
        sqlite: unasked!("lower(substr(email, instr(email, '@') + 1))"),
        postgres: unasked!("lower(split_part(email, '@', 2))"),
    };
    on!(tx, LIST, |conn, sql| sqlx::query_scalar(sql)
        .bind(unasked.sent_since)
        .bind(unasked.said_since)
        .bind(unasked.silent_since)
        .bind(count)
        .fetch_all(conn)
        .await)
}

/// Keeps what was said of a domain: whether anything takes its mail, or nothing.
pub async fn put(
    tx: &mut Tx,
    now: Timestamp,
    domain: &str,
    takes_mail: Option<bool>,
) -> sqlx::Result<()> {
    on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO mail_domain (domain, takes_mail, asked_at) VALUES ($1, $2, $3)
         ON CONFLICT (domain) DO UPDATE SET takes_mail = excluded.takes_mail, asked_at = excluded.asked_at"
    )
    .bind(domain)
    .bind(takes_mail)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
    })
}

/// Whether name servers said since then that nothing takes the mail of a domain.
pub async fn takes_none(tx: &mut Tx, domain: &str, since: Timestamp) -> sqlx::Result<bool> {
    const NONE: Sql = Sql {
        sqlite: "SELECT EXISTS (SELECT 1 FROM mail_domain
                                WHERE domain = $1 AND takes_mail = 0 AND asked_at > $2)",
        postgres: "SELECT EXISTS (SELECT 1 FROM mail_domain
                                  WHERE domain = $1 AND NOT takes_mail AND asked_at > $2)",
    };
    on!(tx, NONE, |conn, sql| sqlx::query_scalar(sql)
        .bind(domain)
        .bind(since)
        .fetch_one(conn)
        .await)
}

/// Forgets what was said by then.
pub async fn delete_old(tx: &mut Tx, by: Timestamp) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query("DELETE FROM mail_domain WHERE asked_at <= $1")
        .bind(by)
        .execute(conn)
        .await
        .map(drop))
}
