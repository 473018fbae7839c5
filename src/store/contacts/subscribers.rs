//! People, each known by one verified address.

use std::collections::HashMap;

use uuid::Uuid;

use crate::domain::consent::evidence_key::RowMac;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::search::SearchWords;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::contacts::search_index::{self, Described};
use crate::store::rows::{self, Table};
use crate::store::signup::signups::Signup;
use crate::store::{Sql, Tx, on};

/// A person, known by one verified address. It is one that can be mailed; for whoever locks them it is the text that lies
/// there: who leaves or is erased does so whatever another hand wrote, and giving checks it (`demand_own_address`).
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Subscriber<Email = EmailAddress> {
    /// Their key.
    pub subscriber_id: Uuid,
    /// Their address.
    pub email: Email,
    /// Who that is.
    pub address_key: AddressKey,
    /// Their name, where they gave one.
    pub name: Option<String>,
    /// Where they work, where they said so.
    pub organisation: Option<String>,
    /// What they do there, where they said so.
    pub job_title: Option<String>,
    /// When the address was confirmed last.
    pub verified_at: Timestamp,
    /// When it was confirmed first.
    pub created_at: Timestamp,
    /// The MAC that binds the key to the address, if there is one.
    pub mac: Option<Vec<u8>>,
}

/// One subscriber; `None` once they were erased.
pub async fn find(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Option<Subscriber>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT subscriber_id, email, address_key, name, organisation, job_title, verified_at, created_at, mac
         FROM subscriber WHERE subscriber_id = $1"
    )
    .bind(subscriber_id)
    .fetch_optional(conn)
    .await
    })
}

/// A subscriber as they lie there; unlike [`find`], it lets nobody else change them until the transaction ends.
pub async fn lock(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Option<Subscriber<String>>> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite:
            "SELECT subscriber_id, email, address_key, name, organisation, job_title, verified_at,
                        created_at, mac
                 FROM subscriber WHERE subscriber_id = $1",
        postgres:
            "SELECT subscriber_id, email, address_key, name, organisation, job_title, verified_at,
                          created_at, mac
                   FROM subscriber WHERE subscriber_id = $1 FOR UPDATE",
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_as(sql).bind(subscriber_id).fetch_optional(conn).await)
}

/// Who bears an address by their row, and nobody else changes them until the transaction ends: one, unless another hand
/// gave it to more.
pub async fn lock_of(
    tx: &mut Tx,
    address_key: &AddressKey,
) -> sqlx::Result<Vec<Subscriber<String>>> {
    // A writing transaction on SQLite is alone already.
    const LOCK: Sql = Sql {
        sqlite:
            "SELECT subscriber_id, email, address_key, name, organisation, job_title, verified_at,
                        created_at, mac
                 FROM subscriber WHERE address_key = $1 ORDER BY subscriber_id",
        postgres:
            "SELECT subscriber_id, email, address_key, name, organisation, job_title, verified_at,
                          created_at, mac
                   FROM subscriber WHERE address_key = $1 ORDER BY subscriber_id FOR UPDATE",
    };
    on!(tx, LOCK, |conn, sql| sqlx::query_as(sql).bind(address_key).fetch_all(conn).await)
}

/// The subscriber of an address.
pub async fn find_id(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<Option<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT subscriber_id FROM subscriber WHERE address_key = $1"
    )
    .bind(address_key)
    .fetch_optional(conn)
    .await)
}

/// By what the address of a subscriber is recognised.
pub async fn find_key(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Option<AddressKey>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT address_key FROM subscriber WHERE subscriber_id = $1"
    )
    .bind(subscriber_id)
    .fetch_optional(conn)
    .await)
}

/// Changes what a subscriber is called; `None` forgets it.
pub async fn rename(tx: &mut Tx, subscriber_id: Uuid, name: Option<&str>) -> sqlx::Result<()> {
    let renamed: Option<Described> = on!(tx, |conn| sqlx::query_as(
        "UPDATE subscriber SET name = $2 WHERE subscriber_id = $1
         RETURNING subscriber_id, email, name, organisation, job_title, words"
    )
    .bind(subscriber_id)
    .bind(name)
    .fetch_optional(conn)
    .await)?;
    search_index::refresh(tx, &[], renamed.as_slice()).await
}

/// Who a signup became.
#[derive(Clone, Debug)]
pub struct Upserted {
    /// Their key.
    pub subscriber_id: Uuid,
    /// The MAC that binds it to the address, if there is one.
    pub mac: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
struct UpsertedRow {
    #[sqlx(flatten)]
    described: Described,
    mac: Option<Vec<u8>>,
}

/// The subscriber of a signup's address, made or brought up to date with what the signup said; what it
/// left blank stays as it was. Somebody new gets this key and the MAC that binds it to the address. Locks the row
/// until the transaction ends.
pub async fn upsert(
    tx: &mut Tx,
    at: &Moment,
    signup: &Signup,
    (new_id, mac): (Uuid, &RowMac),
) -> sqlx::Result<Upserted> {
    let (name, organisation) = (signup.name.as_deref(), signup.organisation.as_deref());
    let job_title = signup.job_title.as_deref();
    let found_by = SearchWords::new(signup.email.as_str(), [name, organisation, job_title]);
    let upserted: UpsertedRow = on!(tx, |conn| {
        sqlx::query_as(
        "INSERT INTO subscriber (subscriber_id, email, address_key, name, organisation, job_title,
                                 verified_at, created_at, words, mac)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)
         ON CONFLICT (address_key) DO UPDATE SET
             email = excluded.email,
             name = COALESCE(excluded.name, subscriber.name),
             organisation = COALESCE(excluded.organisation, subscriber.organisation),
             job_title = COALESCE(excluded.job_title, subscriber.job_title),
             verified_at = excluded.verified_at
         RETURNING subscriber_id, email, name, organisation, job_title, words, mac"
    )
    .bind(new_id)
    .bind(&signup.email)
    .bind(&signup.address_key)
    .bind(name)
    .bind(organisation)
    .bind(job_title)
    .bind(at.now)
    .bind(found_by.kept())
    .bind(&mac[..])
    .fetch_one(conn)
    .await
    })?;
    let subscriber_id = upserted.described.subscriber_id;
    let described = [upserted.described];
    let (made, known): (&[_], &[_]) =
        if subscriber_id == new_id { (&described, &[]) } else { (&[], &described) };
    search_index::refresh(tx, made, known).await?;
    Ok(Upserted { subscriber_id, mac: upserted.mac })
}

/// How far the events of these addresses' subscribers reach, of those that there are.
pub async fn list_reaches(
    tx: &mut Tx,
    address_keys: &[&AddressKey],
) -> sqlx::Result<HashMap<AddressKey, i64>> {
    const LIST: Sql = Sql::same(
        "SELECT address_key, last_seq FROM subscriber
         WHERE address_key IN (SELECT address_key FROM asked)",
    );
    let reaches: Vec<(AddressKey, i64)> =
        rows::fetch_all(tx, LIST, &[], Table("asked", address_keys)).await?;
    Ok(reaches.into_iter().collect())
}

/// Reserves the next `count` numbers in the order of a subscriber's events; returns the first. The
/// row stays locked until the transaction ends, so the order is that of the commits.
pub async fn take_seqs(tx: &mut Tx, subscriber_id: Uuid, count: i64) -> sqlx::Result<i64> {
    let last: i64 = on!(tx, |conn| {
        sqlx::query_scalar(
        "UPDATE subscriber SET last_seq = last_seq + $2 WHERE subscriber_id = $1 RETURNING last_seq"
    )
    .bind(subscriber_id)
    .bind(count)
    .fetch_one(conn)
    .await
    })?;
    Ok(last - count + 1)
}
