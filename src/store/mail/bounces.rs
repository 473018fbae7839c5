//! Mail that came back.

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::mail::bounce::Bounce;
use crate::domain::mail::outbox::MailKind;
use crate::random::Moment;
use crate::store::{Sql, Tx, on};

/// Whom a mail went to.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Addressee {
    /// Who that is; nobody for a mail to an address of the settings.
    pub address_key: Option<AddressKey>,
    /// The subscriber of that address, if there is one.
    pub subscriber_id: Option<Uuid>,
    /// What it was.
    pub kind: MailKind,
}

/// Whom a mail went to; `None` once it was purged or erased.
pub async fn find_addressee(tx: &mut Tx, outbox_id: Uuid) -> sqlx::Result<Option<Addressee>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT COALESCE(s.address_key, m.address_key, r.address_key) AS address_key, u.subscriber_id, o.kind
         FROM outbox o
         LEFT JOIN signup s ON s.signup_id = o.signup_id
         LEFT JOIN subscriber m ON m.subscriber_id = o.subscriber_id
         LEFT JOIN request_letter l ON l.outbox_id = o.outbox_id
         LEFT JOIN privacy_request r ON r.privacy_request_id = l.privacy_request_id
         LEFT JOIN subscriber u ON u.address_key = COALESCE(s.address_key, m.address_key, r.address_key)
         WHERE o.outbox_id = $1"
    )
    .bind(outbox_id)
    .fetch_optional(conn)
    .await
    })
}

/// Counts a mail that came back; `false` when this kind was counted for it before, or it is gone. Of the
/// same news twice at once, one counts.
pub async fn insert(
    tx: &mut Tx,
    at: &Moment,
    outbox_id: Uuid,
    bounce: Bounce,
) -> sqlx::Result<bool> {
    // Held on PostgreSQL, else the mail could be purged between being found and being referred to.
    const INSERT: Sql = Sql {
        sqlite: "INSERT INTO bounce (bounce_id, outbox_id, kind, status, received_at)
                 SELECT $1, outbox_id, $3, $4, $5 FROM outbox WHERE outbox_id = $2
                 ON CONFLICT (outbox_id, kind) DO NOTHING",
        postgres: "INSERT INTO bounce (bounce_id, outbox_id, kind, status, received_at)
                   SELECT $1, outbox_id, $3, $4, $5 FROM outbox WHERE outbox_id = $2 FOR KEY SHARE
                   ON CONFLICT (outbox_id, kind) DO NOTHING",
    };
    on!(tx, INSERT, |conn, sql| sqlx::query(sql)
        .bind(at.new_id())
        .bind(outbox_id)
        .bind(bounce.kind)
        .bind(bounce.status.map(|status| status.to_string()))
        .bind(at.now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Whether a mail about this signup came back because there is no such mailbox.
pub async fn came_back(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox o JOIN bounce b ON b.outbox_id = o.outbox_id
                        WHERE o.signup_id = $1 AND b.kind = 'hard')"
    )
    .bind(signup_id)
    .fetch_one(conn)
    .await)
}
