//! Addresses that must not be mailed.

use super::{Sql, Tx, forbids_kind, on};
use crate::domain::address_key::AddressKey;
use crate::domain::outbox::MailKind;
use crate::domain::purpose::Purpose;
use crate::domain::suppression::SuppressionReason;
use crate::domain::timestamp::Timestamp;
use crate::outside::{Ending, EndingReason, Turn};

/// Suppresses an address, for one purpose or for every one; one already suppressed for this reason stays
/// as it is, and the answer is `false`. It is noted outside before it is committed.
///
/// # Errors
/// When the database does not take it.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
    reason: SuppressionReason,
    purpose: Option<&Purpose>,
) -> sqlx::Result<bool> {
    let inserted = on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO suppression (address_key, reason, purpose, since) VALUES ($1, $2, COALESCE($4, '*'), $3)
         ON CONFLICT (address_key, reason, purpose) DO NOTHING"
    )
    .bind(address_key)
    .bind(reason)
    .bind(now)
    .bind(purpose)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })?;
    // Who asked to leave or to be erased did so now, whatever they asked before.
    if inserted || matches!(reason, SuppressionReason::Unsubscribed | SuppressionReason::Erased) {
        tx.note(Ending {
            at: now,
            address_key: address_key.clone(),
            turn: Turn::Began,
            reason: EndingReason::Suppressed(reason),
            purpose: purpose.cloned(),
        });
    }
    Ok(inserted)
}

/// What was lifted: the reason, its purpose or `*`, and since when it held.
type LiftedRow = (SuppressionReason, String, Timestamp);

/// Lifts what suppresses an address for this reason; `false` when nothing does. It is noted outside before it
/// is committed.
///
/// # Errors
/// When the database does not take it.
pub async fn delete(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
    reason: SuppressionReason,
) -> sqlx::Result<bool> {
    let lifted: Vec<LiftedRow> = on!(tx, |conn| sqlx::query_as(
        "DELETE FROM suppression WHERE address_key = $1 AND reason = $2
         RETURNING reason, purpose, since"
    )
    .bind(address_key)
    .bind(reason)
    .fetch_all(conn)
    .await)?;
    note_lifted(tx, now, address_key, &lifted);
    Ok(!lifted.is_empty())
}

/// Lifts what a fresh double opt-in lifts: an erasure, and having left one of these purposes. The
/// other reasons are not the subscriber's to lift. It is noted outside before it is committed.
///
/// # Errors
/// When the database does not take it.
pub async fn delete_lifted(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
    purposes: &[&Purpose],
) -> sqlx::Result<()> {
    const LIFT: Sql = Sql {
        sqlite: "DELETE FROM suppression WHERE address_key = $1 AND (reason = 'erased'
                 OR (reason = 'unsubscribed' AND purpose IN (SELECT value FROM json_each($2))))
                 RETURNING reason, purpose, since",
        postgres: "DELETE FROM suppression WHERE address_key = $1 AND (reason = 'erased'
                   OR (reason = 'unsubscribed'
                       AND purpose IN (SELECT json_array_elements_text(CAST($2 AS json)))))
                   RETURNING reason, purpose, since",
    };
    let purposes = super::batch(purposes)?;
    let lifted: Vec<LiftedRow> = on!(tx, LIFT, |conn, sql| sqlx::query_as(sql)
        .bind(address_key)
        .bind(purposes)
        .fetch_all(conn)
        .await)?;
    note_lifted(tx, now, address_key, &lifted);
    Ok(())
}

fn note_lifted(tx: &mut Tx, now: Timestamp, address_key: &AddressKey, lifted: &[LiftedRow]) {
    for (reason, purpose, since) in lifted {
        tx.note(Ending {
            at: Ending::lifted_at(now, *since),
            address_key: address_key.clone(),
            turn: Turn::Lifted,
            reason: EndingReason::Suppressed(*reason),
            purpose: purpose.parse().ok(),
        });
    }
}

/// Whether an address must not be mailed this, each reason in its scope.
///
/// # Errors
/// When the database does not answer.
pub async fn forbids(tx: &mut Tx, address_key: &AddressKey, kind: MailKind) -> sqlx::Result<bool> {
    const FORBIDS: &str = concat!(
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE address_key = $1 AND ",
        forbids_kind!("reason", "$2"),
        ")"
    );
    on!(tx, |conn| sqlx::query_scalar(FORBIDS).bind(address_key).bind(kind).fetch_one(conn).await)
}
