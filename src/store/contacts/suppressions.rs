//! Addresses that must not be mailed.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::outbox::MailKind;
use crate::domain::timestamp::Timestamp;
use crate::outside::{EndingReason, Scope, Turn};
use crate::store::rows::{self, Now, Table, bound_columns};
use crate::store::{Sql, Tx, forbids_kind, on};

/// Suppresses an address, for one purpose or for every one; one already suppressed for this reason stays
/// as it is, and the answer is `false`. It is noted outside before it is committed.
pub async fn insert(tx: &mut Tx, now: Timestamp, row: &Suppressed) -> sqlx::Result<bool> {
    let inserted = on!(tx, |conn| {
        sqlx::query(
        "INSERT INTO suppression (address_key, reason, purpose, since) VALUES ($1, $2, COALESCE($4, '*'), $3)
         ON CONFLICT (address_key, reason, purpose) DO NOTHING"
    )
    .bind(&row.address_key)
    .bind(row.reason)
    .bind(now)
    .bind(&row.purpose)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
    })?;
    // Whether or not the database has it already: who put it there may take it away again.
    tx.note(row.scope().turned(now, Turn::Began));
    Ok(inserted)
}

/// Writes down that a confirmation is tried at those of these addresses whose mail came back; see
/// [`crate::store::mail::limited_mails`].
pub async fn mark_tried(tx: &mut Tx, now: Timestamp, keys: &[&AddressKey]) -> sqlx::Result<()> {
    const MARK: Sql = Sql::same(
        "INSERT INTO suppression_try (address_key, tried_at)
         SELECT s.address_key, now FROM suppression s CROSS JOIN given
         WHERE s.reason = 'bounced' AND s.address_key IN (SELECT address_key FROM asked)
         ON CONFLICT (address_key) DO UPDATE SET tried_at = excluded.tried_at",
    );
    rows::execute(tx, MARK, &[&Table("given", &[Now(now)])], Table("asked", keys)).await.map(drop)
}

/// One address that is not to be mailed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::FromRow)]
pub struct Suppressed {
    /// Whose.
    pub address_key: AddressKey,
    /// Why.
    pub reason: SuppressionReason,
    /// For what; none is everything.
    pub purpose: Option<Purpose>,
}

impl Suppressed {
    /// For one purpose, or for every one.
    #[must_use]
    pub fn new(
        address_key: &AddressKey,
        reason: SuppressionReason,
        purpose: Option<&Purpose>,
    ) -> Self {
        Self { address_key: address_key.clone(), reason, purpose: purpose.cloned() }
    }

    /// What is kept outside of it.
    fn scope(&self) -> Scope {
        scope(&self.address_key, self.reason, self.purpose.clone())
    }
}

bound_columns!(Suppressed, |row| {
    address_key: "bytea" = row.address_key.as_bytes(),
    reason: "text" = row.reason.as_ref(),
    purpose: "text" = row.purpose.as_ref().map(Purpose::as_str),
});

/// What holds for all addresses of one list.
struct Brought<'a> {
    now: Timestamp,
    source: &'a str,
}

bound_columns!(Brought<'_>, |given| {
    now: "timestamptz" = given.now,
    source: "text" = given.source,
});

/// Suppresses addresses that another tool knew not to mail, and keeps where that comes from; returns those that are
/// new. What suppresses an address already stays as it is. All of them are noted outside before they are committed.
pub async fn insert_all(
    tx: &mut Tx,
    now: Timestamp,
    rows: &[Suppressed],
    source: &str,
) -> sqlx::Result<Vec<Suppressed>> {
    // In one order, so that two who bring the same list wait for each other in turn. SQLite reads the ON of a conflict as
    // that of a join unless a WHERE comes before it.
    const INSERT: Sql = Sql::same(
        "INSERT INTO suppression (address_key, reason, purpose, since, source)
         SELECT address_key, reason, COALESCE(purpose, '*'), now, source FROM brought CROSS JOIN given
         WHERE true ORDER BY address_key, reason, purpose
         ON CONFLICT (address_key, reason, purpose) DO NOTHING
         RETURNING address_key, reason, NULLIF(purpose, '*') AS purpose",
    );
    let given = [Brought { now, source }];
    let new =
        rows::fetch_all(tx, INSERT, &[&Table("given", &given)], Table("brought", rows)).await?;
    // Whether or not the database has it already: who put it there may take it away again.
    for row in rows {
        tx.note(row.scope().turned(now, Turn::Began));
    }
    Ok(new)
}

/// The subscribers of these addresses, in no order.
pub async fn list_subscribers(
    tx: &mut Tx,
    keys: &[&AddressKey],
) -> sqlx::Result<Vec<(AddressKey, Uuid)>> {
    const LIST: Sql = Sql {
        sqlite: "SELECT address_key, subscriber_id FROM subscriber
                 WHERE address_key IN (SELECT unhex(value) FROM json_each($1))",
        postgres: "SELECT address_key, subscriber_id FROM subscriber
                   WHERE address_key IN (SELECT decode(value, 'hex')
                                         FROM json_array_elements_text(CAST($1 AS json)) AS value)",
    };
    let keys = crate::store::batch(keys)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(keys).fetch_all(conn).await)
}

/// What suppresses these addresses, in no order.
pub async fn list_among(tx: &mut Tx, keys: &[&AddressKey]) -> sqlx::Result<Vec<Suppressed>> {
    const LIST: Sql = Sql {
        sqlite: "SELECT address_key, reason, NULLIF(purpose, '*') AS purpose FROM suppression
                 WHERE address_key IN (SELECT unhex(value) FROM json_each($1))",
        postgres: "SELECT address_key, reason, NULLIF(purpose, '*') AS purpose FROM suppression
                   WHERE address_key IN (SELECT decode(value, 'hex')
                                         FROM json_array_elements_text(CAST($1 AS json)) AS value)",
    };
    let keys = crate::store::batch(keys)?;
    on!(tx, LIST, |conn, sql| sqlx::query_as(sql).bind(keys).fetch_all(conn).await)
}

/// What was lifted: the reason, and its purpose or everything.
type LiftedRow = (SuppressionReason, Option<Purpose>);

/// Lifts what suppresses an address for this reason; `false` when nothing does. It is noted outside before it
/// is committed.
pub async fn delete(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
    reason: SuppressionReason,
) -> sqlx::Result<bool> {
    let lifted: Vec<LiftedRow> = on!(tx, |conn| {
        sqlx::query_as(
            "DELETE FROM suppression WHERE address_key = $1 AND reason = $2
         RETURNING reason, NULLIF(purpose, '*') AS purpose",
        )
        .bind(address_key)
        .bind(reason)
        .fetch_all(conn)
        .await
    })?;
    let was_there = !lifted.is_empty();
    for scope in scopes(address_key, lifted) {
        tx.note_lifted(now, scope).await?;
    }
    Ok(was_there)
}

/// Lifts what a fresh double opt-in lifts: an erasure, and having left one of these purposes. The
/// other reasons are not the subscriber's to lift. It is noted outside before it is committed, whether or not the row was
/// there: whoever took it away would else have their coming back end again.
///
/// # Errors
/// When the database does not take it, or what is known outside cannot be read.
pub async fn delete_lifted(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
    purposes: &[&Purpose],
) -> sqlx::Result<()> {
    const LIFT: Sql = Sql {
        sqlite: "DELETE FROM suppression WHERE address_key = $1 AND (reason = 'erased'
                 OR (reason = 'unsubscribed' AND purpose IN (SELECT value FROM json_each($2))))
                 RETURNING reason, NULLIF(purpose, '*') AS purpose",
        postgres: "DELETE FROM suppression WHERE address_key = $1 AND (reason = 'erased'
                   OR (reason = 'unsubscribed'
                       AND purpose IN (SELECT json_array_elements_text(CAST($2 AS json)))))
                   RETURNING reason, NULLIF(purpose, '*') AS purpose",
    };
    let batch = crate::store::batch(purposes)?;
    let lifted: Vec<LiftedRow> = on!(tx, LIFT, |conn, sql| sqlx::query_as(sql)
        .bind(address_key)
        .bind(batch)
        .fetch_all(conn)
        .await)?;
    let left = |purpose: &&Purpose| {
        scope(address_key, SuppressionReason::Unsubscribed, Some((*purpose).clone()))
    };
    let erased = scope(address_key, SuppressionReason::Erased, None);
    let known = tx.holding(purposes.iter().map(left).chain([erased]).collect()).await?;
    let lifted: BTreeSet<Scope> = scopes(address_key, lifted).chain(known).collect();
    for scope in lifted {
        tx.note_lifted(now, scope).await?;
    }
    Ok(())
}

fn scopes(address_key: &AddressKey, lifted: Vec<LiftedRow>) -> impl Iterator<Item = Scope> {
    lifted.into_iter().map(|(reason, purpose)| scope(address_key, reason, purpose))
}

fn scope(address_key: &AddressKey, reason: SuppressionReason, purpose: Option<Purpose>) -> Scope {
    let (address_key, reason) = (address_key.clone(), EndingReason::Suppressed(reason));
    Scope { address_key, reason, purpose }
}

/// Whether an address must not be mailed this, each reason in its scope. A confirmation that was decided after a
/// mail to the address had come back may go: somebody asked for it knowing no better, and it is one a week
/// ([`crate::store::mail::limited_mails`]); one decided before may not.
pub async fn forbids(
    tx: &mut Tx,
    address_key: &AddressKey,
    kind: MailKind,
    decided_at: Timestamp,
) -> sqlx::Result<bool> {
    const FORBIDS: &str = concat!(
        "SELECT EXISTS (SELECT 1 FROM suppression WHERE address_key = $1 AND (",
        forbids_kind!("reason", "$2"),
        " OR (reason = 'bounced' AND since >= $3)))"
    );
    on!(tx, |conn| sqlx::query_scalar(FORBIDS)
        .bind(address_key)
        .bind(kind)
        .bind(decided_at)
        .fetch_one(conn)
        .await)
}
